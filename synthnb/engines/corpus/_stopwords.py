"""Words that carry little meaning by themselves, in seven languages."""

from __future__ import annotations

__all__ = ["STOP_WORDS"]

_ENGLISH = """
a about above after again against all also although always am among an and any are aren as at be became because been before being
below between both but by can cannot could couldn did didn do does doesn doing don done down during each either else etc even ever
every few first for from further get gets given gives had hadn has hasn have haven having he hence her here hers herself him himself his
how however i if in into is isn it its itself just last least less like made make makes many may me might more most much must my
myself near neither never no nor not now of off often on once one only onto or other others our ours out over own per perhaps please
rather same second see seem several shall she should since so some such than that the their theirs them themselves then there thereby
therefore these they third this those though three through thus to together too toward two under until up upon us use used uses using
various very via was wasn we well were weren what when where whether which while who whom whose why will with within without would
yes yet you your yours yourself it's don't e.g i.e
"""
_GERMAN = """
aber als am an auch auf aus bei bis da damit dann das dass dem den der des die diese dieser dieses doch du durch ein eine einem einen
einer eines er es für hat haben hier ich ihr im in ist ja kann man mit nach nicht noch nur oder sein sich sie sind so über um und uns
unter von vor war waren wenn wer wie wird wir wo zu zum zur
"""
_FRENCH = """
au aux avec ce ces cette comme dans de des donc du elle elles en est et été être eux il ils je la le les leur leurs lui mais même ne
nous on ou où par pas plus pour qu que qui sa sans se ses si son sont sur tout très tu un une vous y
"""
_SPANISH = """
al como con cuando de del desde el ella ellas ellos en entre era es esta este esto está fue ha han hay la las lo los más me mi muy no
nos o para pero por porque que qué se según ser si sin sobre son su sus también tiene un una uno unos y ya
"""
_ITALIAN = """
agli ai al alla alle anche che chi ci come con cui da dal dalla dei del della delle di e è ed gli ha hanno i il in io la le lo ma nei
nel nella non o per perché più quale quando questa questo se si sono su sua sul suo tra un una uno
"""
_PORTUGUESE = """
ao aos as até com como da das de dela dele do dos e é ela ele em entre era essa esse esta este eu foi há isso já lhe mais mas mesmo na
nas não nem no nos o os ou para pela pelo por quando que quem se sem ser seu sua são também tem um uma
"""
_DUTCH = """
aan al als bij dan dat de deze die dit door een en er had heb heeft het hij hoe ik in is je kan maar meer met na naar niet nog of om
onder ook op over te tot uit van veel voor want waren was wat we wel werd wie wij worden wordt ze zich zij zijn zo
"""

_MEAN_MORE = {"die", "war", "man"}
_LISTED = " ".join((_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH)).split()

STOP_WORDS = frozenset(_LISTED) - _MEAN_MORE
"""Function words of seven languages; ``die``, ``war`` and ``man`` are left out, which mean too much in English."""

"""The words of ``%synth``: one table of verbs and options, read by the parser, the help and the completer."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["VERBS", "Option", "Verb"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One word a verb takes."""

    name: str
    """``FRAME`` for a position, ``--rows`` for an option."""
    help: str
    """What it does, in a sentence."""
    takes: str = "text"
    """What stands there: frame, variable, columns, column, number, decimal, file, model, engine, run, provider, flag or text.

    Completion follows it."""
    required: bool = False
    """Whether the verb fails without it."""
    repeats: bool = False
    """Whether it may be given several times."""
    or_body: bool = False
    """Whether the cell's body stands in for it, where it is required."""
    choices: tuple[str, ...] = ()
    """Words that completion offers."""

    @property
    def key(self) -> str:
        """The attribute it is parsed into."""
        return self.name.lstrip("-").lower().replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb of ``%synth``."""

    name: str
    """The word after ``%synth``."""
    summary: str
    """What it gives, in a sentence."""
    options: tuple[Option, ...] = ()
    """What it takes, positions first."""
    example: str = ""
    """A line that works."""
    body: str = ""
    """What the cell's body means, for a verb that takes ``%%synth``."""


_SEED = Option(name="--seed", help="Whole number that makes the result repeatable.", takes="number")
_GROUPS = Option(name="--groups", help="Columns, comma-separated, whose subgroups must be shown.", takes="columns")
_OVERWRITE = Option(name="--overwrite", help="Replace the variable even if synthnb didn't make it.", takes="flag")
_MODEL = Option(
    name="--model",
    help="Who writes, as %synth models lists it, or the path of a GGUF file; the setting model, if left out.",
    takes="model",
)
_LIMITS = (
    Option(name="--limit-tokens", help="Most tokens that may be read and written together.", takes="number"),
    Option(name="--limit-cost", help="Most US dollars that the calls may cost.", takes="decimal"),
    Option(name="--limit-minutes", help="Most minutes that the calls may take.", takes="decimal"),
    Option(name="--limit-watt-hours", help="Most energy that the calls may use, as estimated.", takes="decimal"),
)
_HOSTED = Option(
    name="--allow-hosted",
    help="Let what goes into prompts leave this machine, to a hosted model; real rows need the setting hosted_rows too.",
    takes="flag",
)
_SENSITIVE = Option(name="--sensitive", help="Keep prompts out of the record and the store of replies; their digests stay.", takes="flag")
_VARIETY = (
    Option(name="--per-call", help="Texts asked for in one call; chosen by the model's ability, if left out.", takes="number"),
    Option(name="--style", help='Styles, one drawn for each text, such as "terse|chatty", or with weights "terse:2|chatty:1".'),
    Option(name="--length", help='Lengths, likewise, such as "short|medium|long".'),
    Option(name="--persona", help='Who writes, likewise, such as "nurse|physician".'),
    Option(name="--language", help="The language of the texts, such as German; it is asked for and checked."),
)
_SHOWN = Option(name="--must-show", help="Columns or labels, comma-separated, whose value must stand in the text.", takes="columns")
_IDENTIFIERS = Option(
    name="--identifiers",
    help="What direct identifiers do that would go to a hosted model: block or warn.",
    choices=("block", "warn"),
)
_WORDS = (
    Option(name="--max-tokens", help="Longest text, in tokens.", takes="number"),
    Option(name="--temperature", help="How freely the model chooses its words, 0 to 2.", takes="decimal"),
)
_COMPARED = (
    Option(name="--against", help="The real frame it was made from; texts and questions can do without.", takes="frame"),
    Option(name="--holdout", help="Real rows the generator never saw; attacks and utility need them.", takes="frame"),
    Option(name="--target", help="The column a model would predict.", takes="column"),
    _GROUPS,
    Option(name="--profile", help="The named set of metrics and gates, or a .toml file that extends one; auto, if left out."),
    Option(name="--gate", help="Another limit for a gate of the profile, as metric=0.2; the report lists the change.", repeats=True),
)
_STATED = (
    Option(name="--secrets", help="Columns, comma-separated, that an attacker would guess.", takes="columns"),
    Option(name="--known", help="Columns, comma-separated, that an attacker knows; all others, if left out.", takes="columns"),
    Option(name="--keys", help="Columns, comma-separated, of which each is different in every row.", takes="columns"),
    Option(name="--survival", help="A time and its event, as time,event."),
    Option(name="--population", help="How many people the real rows are a sample of.", takes="number"),
    Option(name="--recipe", help="A variable or file with what was to be made; its rules are counted.", takes="variable"),
    Option(name="--analysis", help="A function of a frame, run on both; the estimates are compared.", takes="variable", repeats=True),
    Option(name="--replicates", help="Further syntheses of the same frame, over which decisions are counted.", takes="variable"),
    Option(name="--text", help="Columns, comma-separated, of texts; the profile is then text-core/1.", takes="columns"),
    Option(name="--label", help="The column that says what a text was to show.", takes="column"),
    Option(name="--examples", help="A variable with texts that prompts showed to the model.", takes="variable"),
    Option(name="--sources", help="The folder of documents of questions; the profile is then corpus-core/1.", takes="file"),
    Option(name="--relation", help='For several tables: how two hang together, such as "patients.id -> visits.patient".', repeats=True),
)
_NOTEBOOK = Option(name="--notebook", help="The notebook's file, where the front end doesn't say which it is.", takes="file")

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            name="generate",
            summary="Generate a synthetic frame from a real one, a description in words, a recipe or a saved generator.",
            options=(
                Option(
                    name="FRAME",
                    help="A pandas, polars or Arrow frame, a mapping of frames, a recipe or a generator: a variable, or a file of one.",
                    takes="frame",
                    required=True,
                    or_body=True,
                ),
                Option(name="--rows", help="How many rows to make; as many as the real frame has, if left out.", takes="number"),
                Option(name="--as", help="The variable to put the synthetic frame in.", takes="variable"),
                _SEED,
                _GROUPS,
                Option(
                    name="--engine",
                    help="How rows come to be: auto, trees, llm (a language model writes each) or another engine.",
                    takes="engine",
                ),
                Option(name="--option", help="One of the engine's own options, as name=value.", repeats=True),
                Option(name="--recipe", help="A variable or file with what to make, where it isn't to be inferred.", takes="variable"),
                Option(name="--rule", help='What every row must satisfy, such as "start <= end".', repeats=True),
                Option(name="--where", help="A condition every row must meet, such as \"age > 65 and sex == 'F'\"."),
                Option(name="--given", help="A frame of columns fixed from outside, one row for each row to make.", takes="frame"),
                Option(name="--balance", help="Columns, comma-separated, whose levels are to be equally frequent.", takes="columns"),
                Option(name="--replicates", help="How many independent syntheses to make.", takes="number"),
                Option(
                    name="--decision",
                    help="A function of a frame; the run says how its result varies over the replicates.",
                    takes="variable",
                ),
                Option(name="--relation", help='How two tables hang together, such as "patients.id -> visits.patient".', repeats=True),
                Option(name="--subject", help="For repeated visits: the column that names the subject.", takes="column"),
                Option(name="--time", help="For repeated visits: the column that holds a visit's time.", takes="column"),
                Option(name="--end", help="For repeated visits: a column that no visit's time of the subject exceeds.", takes="column"),
                Option(
                    name="--survival",
                    help="A time and its event, as time,event: columns of how long, and of whether it ended.",
                    repeats=True,
                ),
                Option(
                    name="--merge-below",
                    help="Merge the levels of a category that fewer rows hold: a number, or column=number.",
                    repeats=True,
                ),
                Option(name="--epsilon", help="A privacy budget for the engine dp.", takes="decimal"),
                Option(name="--on", help="Where rows are drawn: inline, processes, processes:N, dask or dask://host:port."),
                Option(name="--save", help="A file, ending in .synthgen, to keep the fitted generator in.", takes="file"),
                Option(name="--overwrite", help="Replace the variable, or the file, even if synthnb didn't make it.", takes="flag"),
                _MODEL,
                Option(
                    name="--summary",
                    help="For a description: a real frame whose figures fill in what it leaves open; no single row is used.",
                    takes="frame",
                ),
                Option(name="--yes", help="For a description: draw the rows at once, without looking at the recipe first.", takes="flag"),
                Option(name="--save-recipe", help="For a description: a .recipe.json file to keep the recipe in.", takes="file"),
                Option(
                    name="--preview",
                    help="For the engine llm: write a call's worth of rows, so many at least, show them and estimate the rest.",
                    takes="number",
                ),
                Option(name="--examples", help="For the engine llm: how many examples a prompt shows.", takes="number"),
                Option(
                    name="--share",
                    help="For the engine llm: what the model is shown of the frame, summary (if left out) or rows.",
                    choices=("summary", "rows"),
                ),
                Option(
                    name="--target",
                    help="For the engine llm: the column whose groups are balanced, and which --curate needs.",
                    takes="column",
                ),
                Option(
                    name="--curate", help="For the engine llm: keep only rows whose target a small classifier finds credible.", takes="flag"
                ),
                _HOSTED,
                _SENSITIVE,
                *_LIMITS,
            ),
            example="%synth generate trial --rows 2000 --as synthetic --seed 7 --groups sex,arm",
            body="A table in words, in place of FRAME. It becomes a recipe, shown with ten rows; rows are drawn once it is accepted.",
        ),
        Verb(
            name="profile",
            summary="Show what each column of a frame is taken for, to be corrected before anything runs; it becomes the recipe.",
            options=(
                Option(name="FRAME", help="The real frame.", takes="frame", required=True),
                Option(name="--as", help="The variable to put the recipe in; recipe, if left out.", takes="variable"),
                _GROUPS,
                _OVERWRITE,
            ),
            example="%synth profile trial --as recipe",
        ),
        Verb(
            name="impute",
            summary="Fill the missing cells of a real frame by draws conditioned on what is there.",
            options=(
                Option(name="FRAME", help="The real frame.", takes="frame", required=True),
                Option(name="--as", help="The variable to put the filled frame in.", takes="variable"),
                Option(name="--columns", help="Columns, comma-separated, to fill; all, if left out.", takes="columns"),
                Option(name="--engine", help="How cells are drawn: trees or arf.", takes="engine"),
                Option(name="--replicates", help="How many completed frames to make.", takes="number"),
                _SEED,
                _OVERWRITE,
            ),
            example="%synth impute trial --as completed --seed 7",
        ),
        Verb(
            name="budget",
            summary="Show the privacy budgets kept on this machine: what each account allows, what was spent, and on what.",
            options=(
                Option(name="ACCOUNT", help="One account; all, if left out."),
                Option(name="--epsilon", help="Open the account with this limit.", takes="decimal"),
                Option(name="--delta", help="The limit's delta.", takes="decimal"),
            ),
            example="%synth budget trial --epsilon 3 --delta 1e-6",
        ),
        Verb(
            name="column",
            summary="Have a language model write a text column, conditioned on each row.",
            options=(
                Option(name="NAME", help="The new column's name.", required=True),
                Option(name="--into", help="The frame that gets the column.", takes="frame", required=True),
                _MODEL,
                Option(name="--given", help="Columns, comma-separated, shown to the model beside those in braces.", takes="columns"),
                Option(
                    name="--preview",
                    help="Write only so many texts, show them and estimate the rest; --seed with the same number then takes them over.",
                    takes="number",
                ),
                _SEED,
                *_VARIETY,
                _SHOWN,
                *_WORDS,
                _HOSTED,
                _IDENTIFIERS,
                _SENSITIVE,
                *_LIMITS,
                Option(name="--overwrite", help="Replace a column of that name.", takes="flag"),
            ),
            example="%%synth column note --into synthetic --model local",
            body="What to write, as an instruction. {name} stands for the row's value in a column.",
        ),
        Verb(
            name="text",
            summary="Have a language model write a corpus of texts, with the labels asked for met exactly.",
            options=(
                Option(name="--n", help="How many texts.", takes="number", required=True),
                Option(name="--labels", help='What the texts show: "tone=calm|worried; severity=mild:0.7|severe:0.3".'),
                Option(
                    name="--kind",
                    help="What sort of text: note, abstract, message, dialogue or text.",
                    choices=("note", "abstract", "message", "dialogue", "text"),
                ),
                Option(name="--as", help="The variable to put the frame in; texts, if left out.", takes="variable"),
                Option(
                    name="--preview",
                    help="Write only so many texts, show them and estimate the rest; --seed with the same number then takes them over.",
                    takes="number",
                ),
                _MODEL,
                _SEED,
                *_VARIETY,
                _SHOWN,
                *_WORDS,
                _HOSTED,
                _IDENTIFIERS,
                _SENSITIVE,
                *_LIMITS,
                _OVERWRITE,
            ),
            example='%%synth text --n 500 --kind message --labels "tone=calm|worried" --as messages',
            body="What the texts are about, in words.",
        ),
        Verb(
            name="corpus",
            summary="Have a language model write questions and answers from documents, each with its evidence in them.",
            options=(
                Option(name="FOLDER", help="A folder of .txt, .md, .html and .pdf files.", takes="file", required=True),
                Option(name="--questions", help="How many questions.", takes="number", required=True),
                Option(
                    name="--level",
                    help="1: from one passage; 2: with some of its concepts; 3: from concepts that join two documents.",
                    takes="number",
                    choices=("1", "2", "3"),
                ),
                Option(name="--as", help="The variable to put the frame in; questions, if left out.", takes="variable"),
                Option(
                    name="--preview",
                    help="Write only so many questions or a few more, show them and estimate the rest; --seed with the same number then "
                    "takes them over.",
                    takes="number",
                ),
                _MODEL,
                Option(
                    name="--verify",
                    help="How answers are checked: span, model, majority:K or none.",
                    choices=("span", "model", "majority:3", "none"),
                ),
                Option(name="--verifier", help="For --verify model: the second model.", takes="model"),
                Option(name="--no-answers", help="Write questions only.", takes="flag"),
                Option(name="--holdout", help="A frame of questions that must not be among those written.", takes="frame"),
                Option(name="--language", help="The language of the questions; the documents', if left out."),
                Option(name="--include", help='A pattern of paths to read, such as "guides/*".', repeats=True),
                Option(name="--exclude", help="A pattern of paths to leave out.", repeats=True),
                Option(name="--licence", help="The documents' licence, for the disclosure."),
                Option(name="--public", help="The documents are public: they are nobody's real data.", takes="flag"),
                _SEED,
                _HOSTED,
                _IDENTIFIERS,
                _SENSITIVE,
                *_LIMITS,
                _OVERWRITE,
            ),
            example="%synth corpus papers --questions 500 --level 2 --as qa",
        ),
        Verb(
            name="evaluate",
            summary="Evaluate a synthetic frame against the real one.",
            options=(
                Option(name="FRAME", help="The synthetic frame.", takes="frame", required=True),
                *_COMPARED,
                *_STATED,
                _SEED,
                Option(name="--as", help="A variable to keep the report in.", takes="variable"),
                _OVERWRITE,
            ),
            example="%synth evaluate synthetic --against trial --holdout holdout --target event --groups sex",
        ),
        Verb(
            name="compare",
            summary="Evaluate several syntheses of the same real frame and set them side by side.",
            options=(
                Option(name="FRAME", help="Two or more synthetic frames.", takes="frame", required=True, repeats=True),
                *_COMPARED,
                *_STATED,
                Option(name="--utility", help="The metric of the plot's one axis; chosen by what was computed, if left out."),
                Option(name="--privacy", help="The metric of the other axis, likewise."),
                _SEED,
                Option(name="--as", help="A variable to keep the comparison in.", takes="variable"),
                _OVERWRITE,
            ),
            example="%synth compare by_trees by_copula --against trial --holdout holdout --target event --seed 7",
        ),
        Verb(
            name="review",
            summary="Have people rate a blinded sample of synthetic and real items.",
            options=(
                Option(
                    name="FRAME",
                    help="The synthetic frame, or a .review.json file that another notebook exported.",
                    takes="frame",
                    required=True,
                ),
                Option(name="--real", help="The real frame, whose items are mixed in; without it, all are synthetic.", takes="frame"),
                Option(name="--n", help="How many items, half of them real; 60, if left out.", takes="number"),
                Option(name="--raters", help="How many people are to rate them; 2, if left out.", takes="number"),
                Option(name="--text", help="The column whose texts are rated; rows are, if left out.", takes="column"),
                Option(name="--columns", help="Columns, comma-separated, that are shown of a row.", takes="columns"),
                Option(
                    name="--rubric",
                    help="What is asked: a name, several joined by commas, or a .toml file; discrimination, if left out.",
                    choices=("discrimination", "plausibility", "correctness", "completeness", "harm"),
                ),
                Option(name="--rater", help="Who rates here; the widget asks, if left out."),
                Option(name="--qualification", help="What qualifies that rater, in words; the record states it."),
                Option(name="--results", help="Show what came of it so far, in place of the widget.", takes="flag"),
                Option(name="--export", help="Write the items, without their origin, for raters elsewhere.", takes="file"),
                Option(name="--add", help="Take in a rating file from elsewhere.", takes="file", repeats=True),
                _SEED,
                Option(name="--as", help="A variable to keep the review in.", takes="variable"),
                _OVERWRITE,
            ),
            example="%synth review synthetic --real trial --n 60 --raters 2 --rater a",
        ),
        Verb(
            name="judge",
            summary="Have a language model judge synthetic items, and see how far that can be relied on.",
            options=(
                Option(
                    name="FRAME",
                    help="The synthetic frame, or a review by people, whose items are then judged.",
                    takes="frame",
                    required=True,
                ),
                Option(
                    name="--against", help="The real frame: its items are judged among the others, and compared in pairs.", takes="frame"
                ),
                Option(name="--n", help="How many items, half of them real; 40, if left out.", takes="number"),
                Option(name="--text", help="The column whose texts are judged; rows are, if left out.", takes="column"),
                Option(
                    name="--rubric",
                    help="What is asked: a name, several joined by commas, or a .toml file; plausibility, if left out.",
                    choices=("plausibility", "correctness", "completeness", "harm", "discrimination"),
                ),
                Option(name="--repeats", help="How often each item is judged; 3, if left out.", takes="number"),
                Option(name="--pairs", help="Pairs of a real and a synthetic item, each shown in both orders.", takes="number"),
                Option(name="--other", help="A further synthetic frame, as family=FRAME, of another model's family.", repeats=True),
                _MODEL,
                _SEED,
                _HOSTED,
                _IDENTIFIERS,
                _SENSITIVE,
                *_LIMITS,
                Option(name="--as", help="A variable to keep the judgement in.", takes="variable"),
                _OVERWRITE,
            ),
            example="%synth judge messages --text text --rubric plausibility --model local",
        ),
        Verb(
            name="scale",
            summary="Fit a scaling law to errors measured at several sizes: how much more data is worth making.",
            options=(
                Option(name="FRAME", help="The measurements: a frame, or a .csv or .parquet file.", takes="frame", required=True),
                Option(name="--size", help="The column with the sizes.", takes="column", required=True),
                Option(name="--error", help="The column with the errors.", takes="column", required=True),
                Option(name="--weight", help="The column with the measurements' weights; all alike, if left out.", takes="column"),
                Option(name="--at", help="Sizes, comma-separated, to predict the error at."),
                _SEED,
                Option(name="--as", help="A variable to keep the law in.", takes="variable"),
                _OVERWRITE,
            ),
            example="%synth scale measured --size rows --error loss --at 20000,40000",
        ),
        Verb(
            name="diff",
            summary="Show what changed between two runs: prompts, model, parameters, recipe, inputs and what came out.",
            options=(
                Option(name="RUN", help="A run's id, or its beginning.", takes="run", required=True),
                Option(name="OTHER", help="The other run's.", takes="run", required=True),
            ),
            example="%synth diff run-3f2a run-91bc",
        ),
        Verb(
            name="replay",
            summary="Make a run again from the replies that were kept, and tell whether the bytes are the same or why not.",
            options=(Option(name="RUN", help="A run's id, or its beginning.", takes="run", required=True),),
            example="%synth replay run-3f2a",
        ),
        Verb(
            name="disclose",
            summary="Show the record, and a form for what only a person can state.",
            options=(Option(name="--no-form", help="Show the record without the form.", takes="flag"),),
            example="%synth disclose",
            body="One statement a line, such as 'Intent: replica for teaching'.",
        ),
        Verb(
            name="export",
            summary="Export the notebook with its disclosure (.html, .md, .ipynb), or a frame with a sidecar (.csv, .parquet).",
            options=(
                Option(name="FILE", help="Where to write; its ending says what.", takes="file", required=True),
                Option(name="--frame", help="The frame to write, for .csv and .parquet.", takes="frame"),
                _NOTEBOOK,
                Option(name="--overwrite", help="Replace the file even if it isn't as synthnb wrote it.", takes="flag"),
                Option(name="--override", help="Why it is exported although a gate failed, in words; the record states it."),
            ),
            example="%synth export report.html",
        ),
        Verb(
            name="verify",
            summary="Recompute every digest and name what has drifted.",
            options=(
                Option(name="FILE", help="A notebook, an export or a data file; this notebook, if left out.", takes="file"),
                _NOTEBOOK,
            ),
            example="%synth verify",
        ),
        Verb(name="runs", summary="List what was done in this project, from the ledger.", example="%synth runs"),
        Verb(
            name="models",
            summary="List the language models: licence, context, where they run, price, and whether they are ready.",
            example="%synth models",
        ),
        Verb(
            name="key",
            summary="Take a provider's key through a field that nothing saves; it is kept in this process only.",
            options=(Option(name="PROVIDER", help="Whose key: openai, anthropic, google or server.", takes="provider", required=True),),
            example="%synth key openai",
        ),
    )
}

"""Attacks with a control set: what an attacker finds out about rows the generator saw, beyond what holds for any row."""

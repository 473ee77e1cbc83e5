"""Which published rule a suggestion follows, by its code (`shared.waveform.statements`). Knows no Qt."""

from __future__ import annotations

_RHYTHM = "AHA/ACC/HRS 2007, part II"
_CONDUCTION = "AHA/ACCF/HRS 2009, part III"
_REPOLARISATION = "AHA/ACCF/HRS 2009, part IV"
_VOLTAGE = "AHA/ACCF/HRS 2009, part V"
_INFARCTION = "Fourth universal definition of myocardial infarction (2018)"

_OF = {
    **dict.fromkeys(("av_block_1", "short_pr", "rbbb", "irbbb", "lbbb", "ivcd", "lafb"), _CONDUCTION),
    **dict.fromkeys(("left_axis", "right_axis", "extreme_axis"), _CONDUCTION),
    **dict.fromkeys(("long_qt", "short_qt"), _REPOLARISATION),
    **dict.fromkeys(("lvh", "low_voltage"), _VOLTAGE),
    **dict.fromkeys(("st_elevation", "st_depression", "t_inversion", "q_waves"), _INFARCTION),
}


def rule_of(code: str) -> str:
    """The publication; rhythm statements have the terms of the AHA's list."""
    return _OF.get(code, _RHYTHM)

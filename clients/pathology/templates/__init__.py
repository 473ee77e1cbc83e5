"""Report templates, prompts, TBS ticks and markers at the workstation.

For other parts: `picking.pick_template` (a dialog by keyboard that hands over the finished text), `prompt_book`
(choices of input boxes), `ticks.TickPanel` (TBS). Light to import: windows are made inside functions.
"""

"""Report templates, prompts, TBS ticks and markers at the workstation.

For other parts: `picking.pick_template` (a dialog by keyboard that hands over the finished text),
`ticks.TickPanel` (TBS); choices of input boxes come by `clients.pathology.prompts`. Light to import: windows are made
inside functions.
"""

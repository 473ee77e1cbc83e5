"""Specimens, blocks and slides of pathology: grossing, verification, embedding, sections, scans and trails.

For the other rooms, `TechniqueService` (service.py) offers:

* ``specimen(uow, id)``, ``block(uow, id)``, ``slide(uow, id)`` → rows; ``specimens_of``, ``blocks_of``, ``slides_of``
  (uow, caller, case_id) → views; ``owns(uow, case_id, specimen_id, block_id, slide_id)``
* ``remainder_of(uow, case_id)``: the specimens whose remainder is kept (for 补取)
* ``make_slides(uow, caller, Making(…))``: slides of an executed order, numbered after the block's others; with
  Making.action CUT_AGAIN the block's machine is asked
* ``begin_regrossing(uow, caller, case_id)``: the stored remainders are back on the bench
* ``step_block``, ``step_slide`` (uow, caller, id, action, facts, place=…, note=…): archive, lend, return, lose, destroy
* ``find(uow, text)``: objects by code or number

Rules stand in rules.py.
"""

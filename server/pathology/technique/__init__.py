"""Specimens, blocks and slides of pathology: grossing, verification, embedding, sections, scans and trails.

For the other rooms, `TechniqueService` (service.py) offers:

* ``specimen(uow, id)``, ``block(uow, id)``, ``slide(uow, id)`` → rows, to read; ``specimens_of``, ``blocks_of``,
  ``slides_of`` (uow, caller, case_id) → views; ``owns(uow, case_id, specimen_id, block_id, slide_id)``
* ``remainders_of(uow, case_id)``: the specimens whose remainder is kept (补取 needs one)
* ``begin_regrossing(uow, caller, case_id)``: the stored remainders are back on the bench; the rows grossed then
  name the order (`AddBlocks.order_id`)
* ``make_slides(uow, caller, Making(…))``: slides of an executed order, numbered after the block's others
* ``step_block``, ``step_slide`` (uow, caller, id, action, facts, how): archive, take out, lend, return, lose, destroy;
  `rules.Facts` says what the guards ask, `pieces.How` station, place, scanned code and note
* ``find(uow, text)``: objects by code or number

Every write holds the lock of its case first (`CaseService.lock`), in the order of the ids, so that two stations never
make the same thing twice nor wait for each other for ever. Rules stand in rules.py.
"""

"""Libraries, numbers and cases of pathology, their lists, and the events of everything in a case.

For the other rooms, `CaseService` (service.py) offers:

* ``facts(uow, case_id)``, ``facts_of(uow, case_ids)``, ``by_number(uow, number)`` → `CaseFacts`: number, library,
  state, patient, gross description, whether it is locked
* ``demand(uow, caller, case_id)`` and ``demand_open(…)``: the facts, or the refusal (unknown, another's, audited)
* ``check(uow, caller, case_id, action, guards)``: refuse what the machine, a guard or a right refuses, change nothing
* ``step(uow, caller, case_id, action, guards, note=…, station=…)``: do it: state, event, revision and notice in the
  caller's transaction
* ``allowed(caller, facts)``: the actions for a view
* ``set_flag(uow, caller, case_id, flag, on, note)`` and ``flags_of(uow, case_ids)``
* ``show_doctor(uow, case_id, role, name)``: whose name stands in lists
* ``add_event(uow, caller, case_id, …)`` and ``touch(uow, case_id)``: a line in the trail; a revision with its notice
* ``lock(uow, case_ids)``: keep other writers off these cases until the commit; ``watchers``: told of every change

`Charges` (charges.py) adds and removes the lines of orders; `CaseLists.rows` (lists.py) makes list rows of case ids.

The machine and its `CaseGuards` stand in rules.py; how half a million cases are listed, in walking.py.
"""

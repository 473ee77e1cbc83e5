"""The pages of the master data: what the hospital consists of, its people, and their exchange with workbooks."""

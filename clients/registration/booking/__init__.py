"""New booking (新建预约登记): the form, its checks, the slots, and what submitting does."""

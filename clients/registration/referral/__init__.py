"""Referral (转诊登记): sending an exam to another organisation, and answering what others send."""

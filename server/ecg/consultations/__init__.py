"""Consultations between hospitals: teams, applications, acceptance, publication, signing for, notices."""

"""Codes of the HL7 annotated ECG (ANSI/HL7 V3 ECG R1; MDC of ISO 11073-10101) and the suite's names for them."""

MDC = "2.16.840.1.113883.6.24"
ACT = "2.16.840.1.113883.5.4"

MEASUREMENTS = {
    "hr": ("MDC_ECG_HEART_RATE", "bpm"),
    "rr": ("MDC_ECG_TIME_PD_RR", "ms"),
    "pp": ("MDC_ECG_TIME_PD_PP", "ms"),
    "p": ("MDC_ECG_TIME_PD_P", "ms"),
    "pr": ("MDC_ECG_TIME_PD_PR", "ms"),
    "qrs": ("MDC_ECG_TIME_PD_QRS", "ms"),
    "qt": ("MDC_ECG_TIME_PD_QT", "ms"),
    "qtc": ("MDC_ECG_TIME_PD_QTc", "ms"),
    "qtcb": ("MDC_ECG_TIME_PD_QTCB", "ms"),
    "qtcf": ("MDC_ECG_TIME_PD_QTCF", "ms"),
    "p_axis": ("MDC_ECG_ANGLE_P_FRONT", "deg"),
    "qrs_axis": ("MDC_ECG_ANGLE_QRS_FRONT", "deg"),
    "t_axis": ("MDC_ECG_ANGLE_T_FRONT", "deg"),
}
NAMES = {code.upper(): name for name, (code, _) in MEASUREMENTS.items()}
UNITS = {"bpm": "1/min", "ms": "ms", "s": "s", "deg": "deg", "uV": "uV", "mV": "mV", "": ""}

# Waves and beats: marks that are time ranges or points. The WFDB symbols are those of its annotation files.
WAVES = {"p": "MDC_ECG_WAVC_PWAVE", "qrs": "MDC_ECG_WAVC_QRSWAVE", "t": "MDC_ECG_WAVC_TWAVE", "u": "MDC_ECG_WAVC_UWAVE"}

"""Tags and codes of MFER (ISO 22077-1), shared by its reader and its writer."""

BYTE_ORDER, TEXT_CODE, BLOCK, CHANNELS, SEQUENCES, POINTER = 0x01, 0x03, 0x04, 0x05, 0x06, 0x07
WAVEFORM, LEAD, DATA_TYPE, INTERVAL, SENSITIVITY, OFFSET = 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D
COMPRESSION, FILTER, NULL_VALUE, NOTE, MACHINE = 0x0E, 0x11, 0x12, 0x16, 0x17
DATA, ATTRIBUTE, PREAMBLE, EVENT, VALUE, GROUP, END = 0x1E, 0x3F, 0x40, 0x41, 0x42, 0x67, 0x80
PATIENT_NAME, PATIENT_ID, AGE, SEX, TIME, UID = 0x81, 0x82, 0x83, 0x84, 0x85, 0x87

DOMINANT_BEAT = 9  # waveform type of representative beats
DATA_TYPES = {0: "i2", 1: "u2", 2: "i4", 3: "u1", 5: "i1", 6: "u4"}
STATUS = 4
TO_UV = {0: 1e6}  # unit codes of the sensitivity that are voltages: V
LEADS = {19: "CC5", 20: "CM5", 4166: "ECG1", 4167: "ECG2", 4168: "ECG3", 4169: "ECG4"}

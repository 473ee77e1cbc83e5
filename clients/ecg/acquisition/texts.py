"""English of the acquisition dialog and of its devices."""

ENTRIES = {
    "心电单机采集": "ECG acquisition",
    "导入文件…": "Import file…",
    "导入心电图文件": "Import ECG file",
    "采用原因": "Reason",
    "请写明原因，如：患者无法配合": "Why, e.g. patient restless",
    "仍然采用": "Use anyway",
    "重新采集": "Record again",
    "再次采集": "Record another",
    "终止采集": "Stop recording",
    "开始采集": "Start recording",
    "线路中断：心电图已安全保存在本机，线路恢复后自动上传，患者可以离开。": (
        "The line is down: the ECG is safe on this computer and goes out by itself. The patient may leave."
    ),
    "服务器连接中断：仍可采集，心电图先保存在本机。": (
        "No connection to the server: you can still record, the ECG stays on this computer."
    ),
    "与心电图机的连接中断（{why}），正在重新连接…": "Connection to the recorder lost ({why}); trying again…",
    "已记录 {seconds} 秒": "{seconds} s recorded",
    "设备正为 {patient}（{exam}）采集。终止后该检查仍为待采集，需要时重新采集。": (
        "The recorder is busy with {patient} ({exam}). That exam stays to be acquired if you stop it."
    ),
    "终止后本次采集的波形不保存，检查仍为待采集。": (
        "The traces of this recording are not kept; the exam stays to be acquired."
    ),
    "采集还没有完成。关闭窗口后任务仍占用设备，可再次打开“采集”继续。": (
        "The recording is not finished. The task keeps the recorder; open Acquire again to go on."
    ),
    "关闭采集窗口？": "Close this window?",
    "关闭窗口": "Close window",
    "返回": "Back",
    "正在查询设备…": "Asking for the recorder…",
    "等待心电图机": "Waiting for the recorder",
    "请为患者接好电极，在心电图机上记录并发送；收到后自动检查质量。": (
        "Attach the electrodes, record and send on the cart; quality is checked when it arrives."
    ),
    "请在心电图机上选中该患者（DICOM 工作列表），记录后发送到服务器；到达后自动显示。": (
        "Choose the patient on the cart (DICOM worklist), record and send to the server; it appears here by itself."
    ),
    "正在检查心电图质量…": "Checking the quality…",
    "正在检查质量…": "Checking the quality…",
    "正在上传": "Uploading",
    "正在上传…": "Uploading…",
    "正在上传，约剩 {seconds} 秒": "Uploading, about {seconds} s left",
    "心电图已保存，但采集任务已先结束：请在“未匹配心电图”中把它匹配到本检查。": (
        "The ECG is kept, but its task had ended before it came: match it to this exam under orphan ECGs."
    ),
    "采集成功，服务器已保存": "Acquired and kept by the server",
    "采集成功": "Acquired",
    "关闭窗口后可编辑报告；需要时可再次采集，先前的波形会保留。": (
        "Close this window to edit the report. You may record another trace; earlier ones are kept."
    ),
    "心电图质量有问题": "The ECG is not good enough",
    "患者离开之前，请按右侧提示处理后重新采集。": (
        "Before the patient leaves: follow the advice at the right and record again."
    ),
    "本机没有绑定心电图机": "No recorder is bound to this computer",
    "请管理员在“设备管理”中登记心电图机，并把它绑定到本工作站；也可以用“导入文件”上传心电图文件。": (
        "An administrator registers the recorder under Devices and binds it to this workstation. "
        "You can also import an ECG file."
    ),
    "设备被占用": "The recorder is occupied",
    "设备上还有未完成的采集任务。可以等它完成，或按“终止采集”结束它。": (
        "An unfinished task holds the recorder. Wait until it is done, or end it with Stop recording."
    ),
    "现在不能采集": "Cannot record now",
    "可以开始采集": "Ready to record",
    "核对患者后按“开始采集”，再操作心电图机。": "Check the patient, press Start recording, then use the cart.",
    "已连接，等待数据": "Connected, waiting for data",
    "正在接收": "Receiving",
    "连接中断": "Connection lost",
    "未绑定心电图机": "No recorder bound",
    "本工作站：{station}": "This workstation: {station}",
    "{patient}（{exam}），{who} 于 {time} 在 {station} 开始": (
        "{patient} ({exam}), begun by {who} at {time} on {station}"
    ),
    "设备上未完成的任务": "Unfinished task on the recorder",
    "质量检查：等待波形": "Quality: waiting for traces",
    "质量不合格": "Not good enough",
    "质量合格，请留意": "Good enough, please note",
    "质量合格": "Good enough",
    "采集超时：设备一直没有送来心电图。请检查设备后重试，或终止采集。": (
        "Time is up: the recorder sent nothing. Check it and try again, or stop."
    ),
    "服务器连接中断，且本机没有已知的设备绑定。请等线路恢复，或用“导入文件”。": (
        "No connection to the server and no known recorder on this computer. Wait for the line, or import a file."
    ),
    "收到的文件不能识别为心电图：{why}。请在设备上重新导出或重新采集。": (
        "What came is no ECG: {why}. Export it again on the cart, or record again."
    ),
    "记录没有写入本机磁盘，请检查磁盘空间后再试一次。": (
        "The record could not be written to this computer's disk. Check its space and try again."
    ),
    "心电图机送来的数据有误，已略过；若波形中断，请重新采集。": (
        "Some data from the recorder was damaged and left out; record again if the traces have gaps."
    ),
    "心电图机中止了采集，请在设备上重新开始。": "The recorder broke off; start again on the cart.",
    "设备断开了连接": "the recorder hung up",
    "文件夹 {folder} 无法访问": "folder {folder} cannot be read",
    "文件 {name} 太大，不像心电图文件，已移入 failed 文件夹。": (
        "{name} is too large for an ECG; it lies in the folder failed."
    ),
    "文件 {name} 不能识别为心电图，已移入 failed 文件夹；请在设备上重新导出。": (
        "{name} is no ECG; it lies in the folder failed. Export it again on the cart."
    ),
    "设备设置中的端口不正确，请管理员在设备管理中填写 1 到 65535。": (
        "The port of this recorder is wrong; an administrator enters 1 to 65535 under Devices."
    ),
    "设备设置中没有主机地址，请管理员在设备管理中填写。": (
        "This recorder has no host; an administrator enters it under Devices."
    ),
    "设备设置中没有串口名称（如 COM3），请管理员在设备管理中填写。": (
        "This recorder has no serial port (such as COM3); an administrator enters it under Devices."
    ),
    "设备设置中的波特率不正确，请管理员在设备管理中填写，如 115200。": (
        "The baud rate of this recorder is wrong; an administrator enters it under Devices, e.g. 115200."
    ),
    "设备设置中没有文件夹，请管理员在设备管理中填写心电图机软件导出文件的文件夹。": (
        "This recorder has no folder; an administrator enters the cart program's export folder under Devices."
    ),
}

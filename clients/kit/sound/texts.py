"""English of microphones and recordings."""

ENTRIES = {
    "录音文件已损坏，不能播放。": "The recording is damaged and cannot be played.",
    "录音太长，不能在这里播放；请导出后播放。": "The recording is too long to be played here; export it first.",
    "没有安装录音组件（PyAudio），不能语音录入；请联系管理员安装，文字工作不受影响。": (
        "The sound component (PyAudio) is not installed, so nothing can be dictated; ask the "
        "administrator. Texts can be worked on meanwhile."
    ),
    "没有找到麦克风，请检查连接线；文字工作不受影响。": (
        "No microphone was found; check its cable. Texts can be worked on meanwhile."
    ),
    "麦克风已断开，已录的内容都已保存；接好后可继续录音。": (
        "The microphone was lost; everything recorded is safe. Plug it in and recording goes on."
    ),
    "麦克风打不开，可能正被其他程序使用；请关闭后重试。": (
        "The microphone cannot be opened; another program may use it. Close that and try again."
    ),
}

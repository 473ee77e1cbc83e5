"""Loading as a feature: the switches for the cache and for loading all series (VW-SET-18, -19, -22)."""

from __future__ import annotations

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.cache.disk import DiskCache, clear_everything
from clients.viewer.cache.settings import CacheSettings, LoadSettings
from clients.viewer.cache.texts import CATALOGUE
from clients.viewer.desk import Desk, Feature

register_catalogue(CATALOGUE)

ENABLE, CLEAR, LOAD_ALL = "cache.enable", "cache.clear", "load.all"


class LoadingFeature(Feature):
    """The settings page and the command palette do the same through these actions."""

    actions = (
        Action(ENABLE, "启用缓存", hint="在本机加密保存看过的影像，再次打开时无需等待"),
        Action(CLEAR, "清除缓存"),
        Action(LOAD_ALL, "加载全序列影像", hint="关闭后只加载正在显示的序列"),
    )
    switches = frozenset({ENABLE, LOAD_ALL})

    def attach(self, desk: Desk) -> None:
        self._desk = desk
        desk.opening.load_all = LoadSettings.read(desk.settings).load_all
        desk.commands.on(ENABLE, self._toggle_cache)
        desk.commands.on(CLEAR, self._clear)
        desk.commands.on(LOAD_ALL, self._toggle_load_all)

    def reflect(self) -> None:
        settings = self._desk.settings
        self._desk.commands.qt(ENABLE).setChecked(CacheSettings.read(settings).enabled)
        self._desk.commands.qt(LOAD_ALL).setChecked(LoadSettings.read(settings).load_all)

    def _toggle_cache(self) -> None:
        known = CacheSettings.read(self._desk.settings)
        self.use(CacheSettings(not known.enabled, known.limit_mb))

    def use(self, settings: CacheSettings) -> None:
        """Take and remember these settings at once."""
        settings.write(self._desk.settings)
        cache = self._cache()
        if cache is not None:
            cache.configure(settings)
        self._desk.reflect()

    def _clear(self) -> None:
        self._desk.say(tr("正在清除缓存…"))
        cache = self._cache()
        work = cache.clear if cache is not None else clear_everything
        self._desk.background.run(work, self._on_cleared, self._desk.say, name="clear-cache")

    def _on_cleared(self, freed: int) -> None:
        self._desk.say(tr("缓存已清除，释放 {size} MB", size=round(freed / 1e6)))

    def _toggle_load_all(self) -> None:
        settings = LoadSettings(not LoadSettings.read(self._desk.settings).load_all)
        settings.write(self._desk.settings)
        self._desk.opening.load_all = settings.load_all
        self._desk.reflect()

    def _cache(self) -> DiskCache | None:
        cache = getattr(self._desk.source, "cache", None)
        return cache if isinstance(cache, DiskCache) else None

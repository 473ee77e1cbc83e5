"""Reads a template from an MRRT file; whatever is not understood is named, nothing in the file is run or shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from server.structured.mrrt.surroundings import CONTROLS, Surroundings
from server.structured.mrrt.tree import Node, TreeError, html_tree, joined, xml_tree
from server.structured.mrrt.words import (
    FIELD_ATTRIBUTES,
    IMPRESSION_WORDS,
    OURS,
    TERMS,
    our_scheme,
)
from shared.domain.structured import KEY, Code, Field, FieldKind, FormTemplate, Option, Part, Quantity, Section
from shared.domain.structured_checking import RESERVED
from shared.domain.structured_form import as_number

LARGEST = 2 << 20
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"} | {
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
    "us-ascii": "utf-8",
}
_BLOCKS = frozenset({"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "td", "th"})
_UNIT = re.compile(
    r"(?:[nµμmckdh]?[mglL]|mm|cm|µm|%|‰|°|HU|bpm|ms|sec|min|s|[A-Za-zµμ]{1,4}[²³23]?)(?:/[A-Za-z]{1,4}[²³23]?)?"
)
_PLEASE = re.compile(r"[-–—.…_<*\s]*$|[-–—.…<*\s]*(?:select|choose|please|pick|bitte|auswähl|请选|选择)", re.IGNORECASE)
_DANGEROUS = {
    "iframe": "内嵌网页",
    "object": "插件",
    "embed": "插件",
    "form": "提交表单",
    "style": "样式",
    "link": "样式表",
}


class MrrtError(ValueError):
    """The file is no template; the sentence (Chinese) says why."""


@dataclass
class Imported:
    """What was read, and what was not understood."""

    template: FormTemplate
    unknown: list[str] = field(default_factory=list)


def read_mrrt(data: bytes) -> Imported:
    """Read a file. Raises MrrtError when it is no template or beyond the bounds."""
    if len(data) > LARGEST:
        raise MrrtError(f"文件有 {len(data) / (1 << 20):.1f} MB，模板文件最大 {LARGEST >> 20} MB。")
    text = _decoded(data)
    try:
        return _Reader(html_tree(text)).read()
    except TreeError as error:
        raise MrrtError(str(error)) from None
    except AssertionError:  # html.parser of Python 3.11 asserts on some malformed declarations
        raise MrrtError("文件不是完整的 HTML，无法读取。") from None


def _decoded(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise MrrtError("文件是 UTF-16 编码，请另存为 UTF-8 后再导入。")
    if b"\0" in data:
        raise MrrtError("文件不是文字文件，请选择扩展名为 html 的模板。")
    named = re.search(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{1,20})", data[:4096])
    charset = _CHARSETS.get(named.group(1).decode().lower(), "") if named else "utf-8"
    if not charset:
        raise MrrtError("文件的字符编码不认识，请另存为 UTF-8 后再导入。")
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        raise MrrtError("文件的文字与它声明的编码不符，请另存为 UTF-8 后再导入。") from None


class _Reader:
    def __init__(self, tree: Node) -> None:
        self._tree = tree
        self._unknown: list[str] = []
        self._codes: dict[str, list[Code]] = {}
        self._kept: list[str] = []
        self._keys: set[str] = set()
        self._labels: dict[str, str] = {}  # by the id they are for, if that is there
        self._around: dict[int, str] = {}  # words of the label that a control stands in, by the node's identity
        self._beside = Surroundings(Node("#none"), {})
        self._title = ""  # of the section that is read

    def read(self) -> Imported:
        head = self._tree.first("head") or self._tree
        body = self._tree.first("body") or self._tree
        members = self._head(head)
        self._scripts()
        self._note_dangers()
        sections = self._sections(body)
        if not any(section.fields or section.prose for section in sections):
            raise MrrtError("文件里没有可填写的内容，这不像一个报告模板。")
        members.setdefault("kept", tuple(joined(line) for line in self._kept))
        template = FormTemplate(**members, sections=sections)  # type: ignore[arg-type]
        return Imported(template, self._unknown[:200])

    def _say(self, sentence: str) -> None:
        if sentence not in self._unknown:
            self._unknown.append(sentence)

    # ── head ─────────────────────────────────────────────────────────────────────────────────────────

    def _head(self, head: Node) -> dict[str, object]:
        members: dict[str, object] = {}
        title = head.first("title")
        for meta in head.walk():
            if meta.tag != "meta":
                continue
            name, content = joined(meta.get("name")), meta.get("content").strip()
            if name != f"{OURS}kept":
                content = joined(content)
            term = name.removeprefix("dcterms.")
            if name == f"{OURS}kept":
                members["kept"] = tuple(line for line in meta.get("content").split("\n") if line)
            elif name == f"{OURS}exam-types":
                members["exam_types"] = tuple(one for one in content.split("|") if one)
            elif name == f"{OURS}body-parts":
                members["body_parts"] = tuple(one for one in content.split("|") if one)
            elif name.startswith("dcterms.") and term in TERMS and TERMS[term] not in members:
                members[TERMS[term]] = content
            elif name.startswith("dcterms.") and term != "type":
                self._kept.append(f"meta:{term}={content}")
            elif name and term != "type":
                self._kept.append(f"name:{name}={content}")
                self._say(f"头部信息 {name[:60]} 不属于规范，原样保留，导出时带回。")
        members.setdefault("title", title.text if title is not None else "")
        return members

    def _scripts(self) -> None:
        for script in self._tree.walk():
            if script.tag != "script":
                continue
            if script.get("type").lower() in ("text/xml", "application/xml"):
                self._attributes(xml_tree("".join(part for part in script.parts if isinstance(part, str))))
            else:
                self._say("文件里的脚本已去掉。")

    def _attributes(self, tree: Node) -> None:
        for node in tree.walk():
            if node.tag == "entry":
                wanted = node.get("origtxt")
                if not wanted:
                    continue
                found = [self._code(code) for code in node.walk() if code.tag == "code"]
                self._codes.setdefault(wanted, []).extend(code for code in found if code is not None)
            elif node.tag == "coding_scheme":
                self._kept.append(f"scheme:{node.get('name')}={node.get('designator')}")
            elif node.tag in ("status", "top-level-flag", "user-list", "provider-grouplist") and node.text:
                self._kept.append(f"xml:{node.tag}={node.text}")
        for node in tree.walk():
            if node.tag in ("template_attributes", "coded_content"):
                for term in node.children("term"):
                    for code in term.walk():
                        if code.tag == "code" and (one := self._code(code)) is not None:
                            self._kept.append(f"term:{one.scheme}|{one.value}={one.meaning}")
        self._kept = list(dict.fromkeys(self._kept))

    def _code(self, node: Node) -> Code | None:
        value = joined(node.get("value"))
        scheme, meaning = our_scheme(node.get("scheme")), joined(node.get("meaning"))
        if not value or not scheme:
            return None
        if len(value) > 64 or len(meaning) > 200:
            self._say(f"编码 {value[:30]} 太长，未采用。")
            return None
        return Code(scheme, value, meaning or value)

    def _note_dangers(self) -> None:
        for node in self._tree.walk():
            if node.tag in _DANGEROUS:
                self._say(f"{_DANGEROUS[node.tag]}（{node.tag}）已去掉。")
            if node.tag == "img":
                self._say("图片不导入。")
            if any(name.startswith("on") for name in node.attributes):
                self._say("元素上的脚本（on…）已去掉。")

    # ── body ─────────────────────────────────────────────────────────────────────────────────────────

    def _sections(self, body: Node) -> tuple[Section, ...]:
        found: list[Section] = []
        named = {node.get("id") for node in body.walk() if node.get("id")}
        for label in body.walk():
            if label.tag == "label" and label.get("for") in named:
                self._labels.setdefault(label.get("for"), label.text)
        loose = _without_sections(body)
        if any(node.tag in CONTROLS for node in loose.walk()):
            found.append(self._section(loose, "内容", Part.FINDINGS))
        for outer in _sections_below(body):
            found += self._with_inner(outer, Part.FINDINGS)
        return tuple(found)

    def _with_inner(self, node: Node, part: Part) -> list[Section]:
        """Read a section and those inside it in the order of the file; what follows an inner one is a section more."""
        part = self._part(node, self._name(node, ""), part)
        pieces: list[Node] = [Node(node.tag, node.attributes, [])]
        for one in node.parts:
            if isinstance(one, Node) and one.tag == "section":
                pieces += [one, Node(node.tag, _part_only(node.attributes), [])]
            else:
                pieces[-1].parts.append(one)
        found: list[Section] = []
        for number, piece in enumerate(pieces):
            if number % 2:
                found += self._with_inner(piece, part)
                continue
            own = _without_sections(piece)
            if number == 0 or own.text or any(one.tag in CONTROLS for one in own.walk()):
                found.append(self._section(own, self._name(node, "部分"), part))
            for inner in _sections_below(piece):
                found += self._with_inner(inner, part)
        return found

    def _name(self, node: Node, usual: str) -> str:
        """Return what the section calls itself on the page; its attribute is often the same in English."""
        headers = (one.text for one in _without_sections(node).walk() if one.tag in ("header", "h1", "h2", "h3"))
        return next(headers, "") or node.get("data-section-name") or usual

    def _section(self, node: Node, usual: str, part: Part) -> Section:
        name = self._name(node, usual)
        part = self._part(node, name, part)
        self._title = joined(name)[:200].strip().rstrip(":：")
        self._beside = Surroundings(node, self._labels)
        key = self._key(node.get(f"{OURS}key") or node.get("id") or "section", self._keys)
        fields, blocks = self._fields(node)
        static = "" if part is Part.NONE else "\n".join(_escaped(words) for words in blocks)
        prose = node.attributes.get(f"{OURS}prose", static)
        return Section(
            key=key,
            title=joined(name)[:200].strip(),
            part=part,
            code=self._first_code(node.get("id")),
            visible_when=node.get(f"{OURS}visible-when"),
            prose=prose[:2000],
            fields=fields,
            kept=self._kept_of(node, key, "data-section-required", "class"),
        )

    def _part(self, node: Node, name: str, outer: Part) -> Part:
        named = node.get(f"{OURS}part")
        if named in [one.value for one in Part]:
            return Part(named)
        words = f"{node.get('id')} {node.get('data-section-name')} {name}".lower()
        return Part.IMPRESSION if any(one in words for one in IMPRESSION_WORDS) else outer

    def _key(self, wanted: str, taken: set[str]) -> str:
        if KEY.fullmatch(wanted) and wanted not in taken and wanted not in RESERVED:
            taken.add(wanted)
            return wanted
        key = re.sub(r"[^a-z0-9_]+", "_", wanted.lower()).strip("_")[:36] or "f"
        key = key if key[0].isalpha() else f"f_{key}"[:36]
        while key in taken or key in RESERVED:
            head, _dash, tail = key.rpartition("_")
            key = f"{head}_{int(tail) + 1}" if head and tail.isdigit() and len(tail) < 4 else f"{key}_2"
        taken.add(key)
        return key

    def _first_code(self, element_id: str) -> Code | None:
        codes = self._codes.get(element_id) if element_id else None
        return codes[0] if codes else None

    def _label_of(self, node: Node) -> str:
        return self._labels.get(node.get("id"), "") or self._around.get(id(node), "")

    def _kept_of(self, node: Node, key: str, *names: str) -> tuple[str, ...]:
        if f"{OURS}kept" in node.attributes:
            return tuple(line for line in node.get(f"{OURS}kept").split("\n") if line)
        kept = [f"{name}={node.get(name)}" for name in names if name in node.attributes]
        if node.get("id") and node.get("id") != key:
            kept.append(f"id={node.get('id')}")
        kept += [f"term={code.scheme}|{code.value}|{code.meaning}" for code in self._codes.get(node.get("id"), [])[1:]]
        return tuple(joined(line) for line in kept)

    # ── fields ───────────────────────────────────────────────────────────────────────────────────────

    def _fields(self, area: Node) -> tuple[tuple[Field, ...], list[str]]:
        """Return the fields of an area, and the words of its paragraphs that hold none."""
        for label in area.walk():
            if label.tag == "label":
                self._around.update((id(one), label.text) for one in label.walk() if one.tag in CONTROLS)
        fields: list[Field] = []
        done: set[int] = set()
        self._gather(area, area, fields, done, self._keys)
        return tuple(fields), _static_blocks(area, self._beside.heads)

    def _gather(
        self,
        node: Node,
        area: Node,
        fields: list[Field],
        done: set[int],
        taken: set[str],
    ) -> None:
        for child in node.children():
            if id(child) in done:
                continue
            if f"{OURS}group" in child.attributes:
                fields.append(self._group(child))
            elif child.tag == "span" and child.get("data-field-type").upper() in ("CHECKBOX", "RADIO"):
                buttons = [one for one in child.walk() if _is_button(one)]
                done.update(id(one) for one in child.walk())
                if buttons:
                    fields.append(self._buttons(child, buttons, taken))
                said = {joined(one.get("value")) for one in buttons}
                for one in child.walk():  # words that may be typed instead of a button's own
                    if one.tag in CONTROLS and not _is_button(one):
                        own = self._control(one, area, taken)
                        if own is not None:
                            fields.append(msgspec.structs.replace(own, default="") if own.default in said else own)
            elif _is_button(child):
                name = child.get("name")
                same = [one for one in area.walk() if _is_button(one) and name and one.get("name") == name]
                buttons = same if len(same) > 1 else [child]
                done.update(id(one) for one in buttons)
                fields.append(self._buttons(child, buttons, taken))
            elif child.tag in CONTROLS:
                found = self._control(child, area, taken)
                if found is not None:
                    fields.append(found)
            elif child.tag == "span" and f"{OURS}kind" in child.attributes:
                fields.append(self._control_field(child, taken, FieldKind(_kind_of(child)), ()))
            else:
                self._gather(child, area, fields, done, taken)

    def _group(self, node: Node) -> Field:
        inner: list[Field] = []
        self._gather(node, node, inner, set(), set())
        most = as_number(node.get(f"{OURS}most")) or 10
        return Field(
            key=self._key(node.get(f"{OURS}group"), self._keys),
            label=joined(node.get("title"))[:200].strip() or "重复组",
            kind=FieldKind.GROUP,
            code=self._first_code(node.get("id")),
            fields=tuple(inner),
            kept=self._kept_of(node, ""),
            most=max(1, min(30, int(most))),
            **self._ours(node),  # type: ignore[arg-type]
        )

    def _buttons(self, holder: Node, buttons: list[Node], taken: set[str]) -> Field:
        kind = FieldKind.CHOICE if buttons[0].get("type").lower() == "radio" else FieldKind.CHOICES
        options = []
        keys: set[str] = set()
        for number, button in enumerate(buttons):
            beside = self._beside.of(button).after
            text = button.get(f"{OURS}text") or self._label_of(button) or beside or button.get("value") or "是"
            options.append(self._option(button, text, number, keys))
        chosen = " ".join(
            option.key for option, button in zip(options, buttons, strict=True) if "checked" in button.attributes
        )
        around = self._beside.of(buttons[0])
        holds = holder is not buttons[0]
        named = (self._labels.get(holder.get("id"), "") if holds or len(buttons) == 1 else "") or holder.get("title")
        if len(buttons) > 1:  # the first button's words are an answer, not the question
            named = named or around.legend or around.before or self._beside.head_of(buttons[0])
            named = named or buttons[0].get("name") or self._title
        else:
            asked = self._beside.head_of(buttons[0]) if not holds else ""
            named = asked or named or self._label_of(buttons[0]) or around.after or around.before or options[0].text
        return self._control_field(holder, taken, kind, tuple(options), label=named, default=chosen)

    def _control(self, node: Node, area: Node, taken: set[str]) -> Field | None:
        kind_word = node.get("data-field-type").upper()
        type_word = node.get("type").lower()
        if type_word in ("submit", "button", "reset", "image", "password", "file"):
            self._say(f"按钮类元素（{type_word}）不导入。")
            return None
        if type_word == "hidden":
            self._say(f"隐藏字段 {(node.get('id') or node.get('name'))[:60]} 不导入。")
            return None
        if node.tag == "select":
            many = "multiple" in node.attributes
            options, chosen = self._select_options(node)
            if not options:
                self._say(f"选择框 {node.get('id')[:60]} 没有选项，按文字字段导入。")
                return self._control_field(node, taken, FieldKind.TEXT, ())
            kind = FieldKind.CHOICES if many else FieldKind.CHOICE
            return self._control_field(node, taken, kind, options, default=chosen)
        if node.get("list"):
            lists = (one for one in area.walk() if one.tag == "datalist" and one.get("id") == node.get("list"))
            listed = next(lists, None)
            options, chosen = self._select_options(listed) if listed is not None else ((), "")
            if options:
                self._say("可自由输入的下拉框按选择字段导入。")
                return self._control_field(node, taken, FieldKind.CHOICE, options, default=chosen)
        if kind_word == "NUMBER" or type_word in ("number", "range"):
            return self._control_field(node, taken, FieldKind.NUMBER, (), default=node.get("value"))
        if kind_word == "DATE" or type_word == "date":
            return self._control_field(node, taken, FieldKind.DATE, (), default=node.get("value"))
        if kind_word == "MERGE" and not _kind_of(node):
            self._say(f"合并字段 {node.get('id')[:60]} 按文字字段导入，不会自动填入。")
            found = self._control_field(node, taken, FieldKind.TEXT, (), hint=node.get("value"))
            return msgspec.structs.replace(found, kept=(*found.kept, joined(f"value={node.get('value')}")))
        if type_word == "time" or kind_word == "TIME":
            self._say(f"时间字段 {node.get('id')[:60]} 按文字字段导入。")
        default = node.get("value") if node.tag == "input" else node.text
        return self._control_field(node, taken, FieldKind.TEXT, (), default=default)

    def _select_options(self, node: Node) -> tuple[tuple[Option, ...], str]:
        keys: set[str] = set()
        options, chosen = [], []
        groups = {
            id(one): group.get("label") for group in node.children("optgroup") for one in group.children("option")
        }
        for number, one in enumerate(node for node in node.walk() if node.tag == "option"):
            text = one.text or one.get("value").strip()
            if not text or _only_asks(one, number):
                continue
            made = self._option(one, text, number, keys)
            if group := joined(groups.get(id(one), "")):
                made = msgspec.structs.replace(made, text=f"{group} / {made.text}"[:400], words=made.words or made.text)
            options.append(made)
            if "selected" in one.attributes:
                chosen.append(options[-1].key)
        return tuple(options), " ".join(chosen)

    def _option(self, node: Node, text: str, number: int, keys: set[str]) -> Option:
        key = node.get(f"{OURS}key") or re.sub(r"\s+", "_", node.get("value").strip())[:40] or f"o{number + 1}"
        while key in keys:
            key = f"{key[:36]}_{number}"
        keys.add(key)
        words = node.attributes.get(f"{OURS}words")
        if words is None:
            # Libraries disagree which of the two is the menu's and which the report's: the sentence is the longer one.
            value = joined(node.get("value"))
            is_sentence = len(value) > len(text) and re.search(r"\s|[^\x00-\x7f]", value) is not None
            words = value if is_sentence and not node.get(f"{OURS}key") else ""
        score = as_number(node.get(f"{OURS}score")) if node.get(f"{OURS}score") else None
        kept = self._kept_of(node, "")
        if f"{OURS}kept" not in node.attributes and node.get("value"):
            kept = (*kept, joined(f"value={node.get('value')}"))
        return Option(
            key=key,
            text=joined(text)[:400].strip(),
            words=words[:4000],
            code=self._first_code(node.get("id")),
            score=score,
            kept=kept,
        )

    def _control_field(
        self,
        node: Node,
        taken: set[str],
        kind: FieldKind,
        options: tuple[Option, ...],
        *,
        label: str = "",
        default: str = "",
        hint: str = "",
    ) -> Field:
        key = self._key(node.get(f"{OURS}key") or node.get("id") or node.get("name") or "field", taken)
        kind = FieldKind(_kind_of(node)) if _kind_of(node) else kind
        ours = self._ours(node)
        unit = node.get("data-field-units") or node.get(f"{OURS}unit")
        title = node.get(f"{OURS}label") or label
        if f"{OURS}kind" not in node.attributes and f"{OURS}prose" not in node.attributes:
            around = self._beside.of(node)
            title = title or self._label_of(node) or node.get("aria-label") or around.before
            title = title or self._beside.head_of(node) or node.get("title") or _spoken_name(node)
            title = title or node.get("placeholder")
            hint = hint or (node.get("title") if joined(node.get("title")) != joined(title) else "")
            tail = "" if _is_button(node) else around.after
            if kind is FieldKind.NUMBER and not unit and _UNIT.fullmatch(tail):
                unit, tail = tail, ""
            elif unit and tail.startswith(unit):
                tail = tail.removeprefix(unit).strip()
            asks = title if len(options) != 1 or joined(title) != options[0].text else ""
            ours["prose"] = _sentence(joined(asks)[:200], key, tail, has_unit=bool(unit))
            ours["own_line"] = True
            if around.legend and joined(around.legend) not in title:
                title = f"{around.legend} {title}"
            ours["hint"] = ours["hint"] or joined(hint)[:1000]
            # The profile's reader is told of an empty field at signing, as ours is of one that is required.
            if node.get("data-field-completion-action").upper() in ("PROHIBIT", "ALERT"):
                ours["required"] = True
        title = joined(title or self._title or key)[:200].strip().rstrip(":：")
        if f"{OURS}kind" in node.attributes:
            default = node.get(f"{OURS}default")
        default = default.strip()
        if kind is FieldKind.DATE and not re.fullmatch(r"\d{4}-\d\d-\d\d", default):
            default = ""
        if kind in (FieldKind.NUMBER, FieldKind.MEASUREMENT) and as_number(default) is None:
            default = ""
        # Some published templates carry sentences of the report in number fields' bounds; only numbers count.
        low, high, step = (as_number(node.get(name)) for name in ("min", "max", "step"))
        decimals = as_number(node.get(f"{OURS}decimals"))
        if decimals is None:
            decimals = len(f"{step:.6f}".rstrip("0").partition(".")[2]) if step else 0
            if kind is FieldKind.NUMBER and step is None:
                decimals = 2
        return Field(
            key=key,
            label=title or key,
            kind=kind,
            code=self._first_code(node.get("id")),
            unit=unit[:32],
            low=low,
            high=high,
            decimals=int(max(0, min(6, decimals))),
            options=options,
            default=default[:4000],
            kept=self._kept_of(node, key, *FIELD_ATTRIBUTES) + _oddities(node, kind),
            **ours,  # type: ignore[arg-type]
        )

    def _ours(self, node: Node) -> dict[str, object]:
        quantity = node.get(f"{OURS}quantity")
        return {
            "hint": node.get(f"{OURS}hint")[:1000],
            "quantity": Quantity(quantity) if quantity in [one.value for one in Quantity] else Quantity.ANY,
            "target": node.get(f"{OURS}target")[:80],
            "required": "required" in node.attributes or node.get(f"{OURS}required") == "true",
            "formula": node.get(f"{OURS}formula"),
            "visible_when": node.get(f"{OURS}visible-when"),
            "prose": node.get(f"{OURS}prose"),
            "own_line": node.get(f"{OURS}own-line") == "true",
        }


def _kind_of(node: Node) -> str:
    named = node.get(f"{OURS}kind")
    return named if named in [one.value for one in FieldKind] else ""


def _oddities(node: Node, kind: FieldKind) -> tuple[str, ...]:
    if f"{OURS}kept" in node.attributes:
        return ()
    tag = (f"tag={node.tag}",) if node.tag == "textarea" else ()
    return (*tag, joined(f"data-field-type={node.get('data-field-type')}")) if _is_odd(node, kind) else tag


def _is_odd(node: Node, kind: FieldKind) -> bool:
    """Say whether the profile's type is one that we keep as another kind (TIME, MERGE …)."""
    usual = {
        FieldKind.TEXT: ("TEXT",),
        FieldKind.NUMBER: ("NUMBER",),
        FieldKind.DATE: ("DATE",),
        FieldKind.CHOICE: ("SELECTION_LIST", "RADIO"),
        FieldKind.CHOICES: ("SELECTION_LIST", "CHECKBOX"),
    }
    word = node.get("data-field-type").upper()
    return bool(word) and kind in usual and word not in usual[kind]


def _is_button(node: Node) -> bool:
    return node.tag == "input" and node.get("type").lower() in ("radio", "checkbox")


def _without_sections(node: Node) -> Node:
    """Return a copy of an element without the sections inside it; they are read by themselves."""
    parts: list[Node | str] = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(part)
        elif part.tag != "section":
            parts.append(_without_sections(part))
    return Node(node.tag, node.attributes, parts)


def _sections_below(node: Node) -> list[Node]:
    """Return the sections below that stand in no other; of a section's own children none (they are read in order)."""
    found = []
    waiting = [one for one in node.children() if node.tag != "section" or one.tag != "section"]
    while waiting:
        one = waiting.pop(0)
        if one.tag == "section":
            found.append(one)
        else:
            waiting[:0] = one.children()
    return found


def _part_only(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name == f"{OURS}part"}


def _only_asks(option: Node, number: int) -> bool:
    """Say whether an option only says that one is to be chosen: no answer, and no default."""
    if "disabled" in option.attributes:
        return True
    return number == 0 and option.attributes.get("value") == "" and _PLEASE.match(option.text) is not None


def _spoken_name(node: Node) -> str:
    """Return the control's name where it is a word for people ("Mediastinum") and no identifier ("T144_100")."""
    name = joined(node.get("name"))
    return name if name != node.get("id") and re.fullmatch(r"[^\d_]{2,60}", name) and not name.isupper() else ""


def _sentence(title: str, key: str, tail: str, *, has_unit: bool) -> str:
    """Return the rule of a stranger's field: its words, its value, the words that follow it."""
    value = f"{{{key}}}" + (f"{{{key}.unit}}" if has_unit else "")
    words = title.rstrip(":：")
    lead = f"{_escaped(words)}：" if words else ""
    gap = " " if tail[:1].isascii() and tail[:1].isalnum() else ""
    end = "" if tail.endswith(("。", ".", "；", ";", "，", ",")) else "。"
    return f"{lead}{value}{gap}{_escaped(tail)}{end}"


def _static_blocks(area: Node, heads: set[int]) -> list[str]:
    """Return the words of the innermost paragraphs that hold no field, label or heading, and name none."""
    found = []
    for node in area.walk():
        if node.tag not in _BLOCKS or node.tag in ("h1", "h2", "h3") or id(node) in heads:
            continue
        below = list(node.walk())[1:]
        if any(one.tag in (*CONTROLS, "label", "datalist") or one.tag in _BLOCKS for one in below):
            continue
        if f"{OURS}kind" in node.attributes or any(f"{OURS}kind" in one.attributes for one in below):
            continue
        if node.text:
            found.append(node.text)
    return found


def _escaped(words: str) -> str:
    """Return words that stand for themselves in a sentence rule."""
    return re.sub(r"([{}\[\]])", r"\1\1", words)

"""An MRRT file as other houses write them, after RAD TF-3 and the habits of published libraries."""

PROFILE = b"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>CT Sinus</title>
<meta name="dcterms.title" content="CT Sinus">
<meta name="dcterms.description" content="Paranasal sinuses &amp; airway">
<meta name="dcterms.identifier" content="1.2.840.99999.7">
<meta name="dcterms.type" content="IMAGE_REPORT_TEMPLATE">
<meta name="dcterms.language" content="en">
<meta name="dcterms.publisher" content="An ENT house">
<meta name="dcterms.rights" content="free">
<meta name="dcterms.license" content="http://example.org/license">
<meta name="dcterms.date" content="2024-05-06">
<meta name="dcterms.creator" content="Doe, J.">
<meta name="dcterms.contributor" content="Roe, R.">
<meta name="dcterms.contributor" content="Poe, E.">
<meta name="generator" content="by hand">
<link rel="stylesheet" href="house.css">
<script type="text/xml">
<!--
<template_attributes>
 <top-level-flag>true</top-level-flag>
 <status>ACTIVE</status>
 <coding_schemes><coding_scheme name="RadLex" designator="2.16.840.1.113883.6.256" /></coding_schemes>
 <term><code meaning="computed tomography" value="RID10321" scheme="RadLex"></term>
 <coded_content>
  <entry ORIGTXT="S1"><term><code meaning="Procedure Findings" value="59776-5" scheme="LOINC"/></term></entry>
  <entry ORIGTXT="T1_size">
   <term><code meaning="diameter" value="RID13432" scheme="RadLex"></term>
   <term><code meaning="polyp" value="RID4272" scheme="RadLex"></term>
  </entry>
  <entry ORIGTXT="T1_side_r"><term><code meaning="right" value="24028007" scheme="SNOMEDCT"/></term></entry>
 </coded_content>
</template_attributes>
-->
</script>
</head>
<body>
<section id="S1" class="level1" data-section-name="Findings" data-section-required="true">
 <header class="level1">Findings</header>
 <p>The ostiomeatal units are patent.</p>
 <p><label for="T1_size">Polyp size:</label>
    <input id="T1_size" type="number" value="4.5" min="0" max="80" step="0.5"
           data-field-type="NUMBER" data-field-units="mm" data-field-merge-flag="false"
           data-field-completion-action="ALERT"></p>
 <p><label for="T1_side">Side</label>
    <select id="T1_side" data-field-type="SELECTION_LIST">
     <option id="T1_side_r" value="right maxillary sinus" selected>right</option>
     <option id="T1_side_l" value="left maxillary sinus">left
    </select></p>
 <p><label for="T1_many">Signs</label>
    <select id="T1_many" multiple><option value="a" selected>air-fluid level</option>
    <option value="b" selected>mucosal swelling</option></select></p>
 <p><label for="T1_day">Day</label><input id="T1_day" type="date" value="2024-05-06"></p>
 <p><label for="T1_at">Time</label><input id="T1_at" type="time" data-field-type="TIME" value="08:30"></p>
 <p><label for="T1_note">Note</label><textarea id="T1_note" rows="3">None.
 </textarea></p>
 <p><label><input type="checkbox" name="contrast" value="contrast given" checked> With contrast</label></p>
 <p><input id="q1" type="radio" name="quality" value="good" checked><label for="q1">Good</label>
    <input id="q2" type="radio" name="quality" value="poor"><label for="q2">Poor</label></p>
 <p><label for="T1_merge">Patient</label><input id="T1_merge" type="text" data-field-type="MERGE" value="name"></p>
</section>
<section id="S2" class="level1" data-section-name="Impression">
 <header class="level1">Impression</header>
 <p><input id="T2_1" type="text" title="Impression" value="Normal."></p>
</section>
</body>
</html>
"""

HABITS = b"""<!DOCTYPE html>
<html><head><meta charset="UTF-8"><title>Carotids</title></head>
<body>
<section data-section-name="Findings"><header>Befund</header>
 <p>Side: <input type="radio" name="side" id="s1" value="l"><label for="s1">left</label>
    <input type="radio" name="side" id="s2" value="r" checked><label for="s2">right</label></p>
 <p><label>Mediastinum: </label><select id="T144_100" name="Mediastinum">
    <option value="" selected>- please choose -</option>
    <option id="a" name="Wide" value="Wide">The mediastinum is wide.</option></select></p>
 <p><input id="T144_101" name="Heart" value="normal"></p>
 <p>Free fluid of <input id="fluid" type="number"> ml below the liver.</p>
 <p><label for="dd">D-dimer</label><input id="dd" type="number" data-field-units="mg/l"> mg/l FEU</p>
 <p>Seen: <input type="checkbox"> central <input type="checkbox"> segmental</p>
 <select id="kind" title="Kind"><optgroup label="Benign"><option>cyst</option></optgroup>
  <optgroup label="Malignant"><option>cyst</option></optgroup></select>
 Right:
 <table><tr><td>Vessel</td><th>PSV</th></tr>
  <tr><td>A. carotis interna</td><td><input type="number" id="r1"> cm/s</td></tr></table>
 Left:
 <table><tr><td>Vessel</td><th>PSV</th></tr>
  <tr><td>A. carotis interna</td><td><input type="number" id="l1"> cm/s</td></tr>
  <tr><td>Stent</td><td><input type="checkbox" id="st"><label for="st">yes</label></td></tr></table>
 <section class="level2"><header>Plaque</header>
  <p><label for="pl">Kind</label><input id="pl" data-field-completion-action="PROHIBIT"></p></section>
 <p><label for="rest">Rest</label><input id="rest"><input type="hidden" id="h" value="7"></p>
 <span id="cb" data-field-type="CHECKBOX"><input type="checkbox" name="cb" value="with contrast">with contrast
  <input id="cb_free" type="text" value="with contrast"></span>
 <p><label for="who">Asked by</label><input id="who" data-field-type="MERGE" value="[ReferringPhysician]"></p>
</section>
<section data-section-name="Impression"><header>Beurteilung</header>
 <p><textarea id="it"></textarea></p>
 <section><header>Procedere</header><p><input id="go" value="none"></p></section>
</section>
</body></html>
"""

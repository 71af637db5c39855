// The style and the script of the HTML report, whole and constant: the page's policy allows these two texts by their hashes and nothing else.

/** Light and dark by the reader's choice; in print everything stands open and the filters are gone. */
export const style = `
:root{color-scheme:light dark;--line:#8884;--added:#1a7f37;--removed:#b3261e;--warn:#9a6700}
@media (prefers-color-scheme:dark){:root{--added:#4ac26b;--removed:#ff8a80;--warn:#d4a72c}}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.5rem 0}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
code{font:0.85em ui-monospace,monospace;overflow-wrap:anywhere}
section.warning{border-left:4px solid var(--warn);padding:.1rem 1rem;margin:.6rem 0}.warning{color:var(--warn)}section.warning ul{color:CanvasText}
table{border-collapse:collapse}th,td{border:1px solid var(--line);padding:.2rem .6rem;text-align:left;vertical-align:top}
header td{text-align:right}
form{position:sticky;top:0;background:Canvas;padding:.5rem 0;display:flex;flex-wrap:wrap;gap:.5rem 1rem;border-bottom:1px solid var(--line)}
form[hidden]{display:none}
details.item{border-bottom:1px solid var(--line);padding:.25rem 0;content-visibility:auto;contain-intrinsic-size:auto 2rem}
summary{cursor:pointer;overflow-wrap:anywhere}summary:focus-visible{outline:2px solid Highlight}
.sign{display:inline-block;min-width:1em;font:700 1em ui-monospace,monospace}.sign.create{color:var(--added)}.sign.delete{color:var(--removed)}.sign.update{color:var(--warn)}
details p{margin:.2rem 1.5rem}table.changes{margin:.3rem 1.5rem;width:calc(100% - 3rem);table-layout:fixed}
table.changes th{width:34%;font-weight:400;overflow-wrap:anywhere}table.changes td{overflow-wrap:anywhere}
table.changes ul{list-style:none;margin:0;padding:0}
ins{color:var(--added)}del{color:var(--removed)}ins:only-child,del:only-child{text-decoration:none}ins:only-child::before{content:"+ "}del:only-child::before{content:"- "}
@media print{form{display:none}body{max-width:none;font-size:11px}details::details-content{content-visibility:visible}details.item{content-visibility:visible;break-inside:avoid}}
`;

/** Search over what is seen of each object, and the three filters; in print, everything open. Without it the page is whole, only not filtered. */
export const script = `
'use strict';
const items=[...document.querySelectorAll('details.item')].map(node=>({node,text:null}));
const form=document.getElementById('filters');
if(form){
form.hidden=false;
const field=id=>document.getElementById(id);
const [search,kind,operation,access,shown]=['search','kind','operation','access','shown'].map(field);
const apply=()=>{
const words=search.value.toLowerCase().split(/\\s+/).filter(Boolean);
let count=0;
for(const item of items){
const data=item.node.dataset;
let fits=(!kind.value||data.kind===kind.value)&&(!operation.value||data.operation===operation.value)&&(!(access&&access.checked)||data.access==='yes');
if(fits&&words.length){item.text??=item.node.textContent.toLowerCase();fits=words.every(word=>item.text.includes(word));}
item.node.hidden=!fits;
if(fits)count+=1;
}
shown.textContent=count+' of '+items.length+' shown';
for(const heading of document.querySelectorAll('main>h2')){
let next=heading.nextElementSibling,any=false;
while(next&&next.tagName!=='H2'){any=any||!next.hidden;next=next.nextElementSibling;}
heading.hidden=!any;
}
};
let timer;
form.addEventListener('input',()=>{clearTimeout(timer);timer=setTimeout(apply,120);});
form.addEventListener('submit',event=>event.preventDefault());
apply();
}
addEventListener('beforeprint',()=>{for(const {node} of items)node.open=true;});
`;

// Draws [data-chart]: its address answers with an ECharts option. Colours are the page's tokens; the table beside always says the same.
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function look() {
  const [ink, quiet, line] = ["--ink", "--quiet", "--line"].map(token);
  const axis = { axisLine: { lineStyle: { color: line } }, axisLabel: { color: quiet }, splitLine: { lineStyle: { color: line } } };
  return {
    color: ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"].map(token),
    textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
    legend: { textStyle: { color: ink } },
    categoryAxis: axis,
    valueAxis: axis,
    timeAxis: axis,
  };
}

async function draw(box) {
  const answer = await fetch(box.dataset.chart, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const option = await answer.json();
  let chart = null;
  const again = () => {
    chart?.dispose();
    chart = window.echarts.init(box, look(), { renderer: "svg" });
    // Rich text is drawn; markup would bring styles of its own, which the content security policy forbids.
    chart.setOption({ aria: { enabled: true }, animation: !matchMedia("(prefers-reduced-motion: reduce)").matches, ...option, tooltip: { renderMode: "richText", ...option.tooltip } });
  };
  again();
  new ResizeObserver(() => chart.resize()).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.addEventListener("themechange", again);
}

for (const box of document.querySelectorAll("[data-chart]")) {
  if (window.echarts) draw(box);
  else {
    box.hidden = true;
    box.parentElement.querySelector("details")?.setAttribute("open", "");
  }
}

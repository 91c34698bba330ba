#include "conformance/live/page.h"

#include "conformance/report/html.h"

namespace touchstone::live {

std::string LivePage(std::string_view nonce) {
  static const Template kBody("live.html"), kCharts("charts.html"), kLicence("chart-licence.html");
  Page page;
  page.title = "Soak, live";
  page.version = "";
  page.connect = "'self'";
  page.body =
      kBody.Fill({{"charts", kCharts.Fill({{"source", "live"}})}, {"licence", kLicence.Fill({})}});
  page.scripts = {"chart.min.js", "charts.js", "live.js"};
  return FramePage(page, nonce);
}

}  // namespace touchstone::live

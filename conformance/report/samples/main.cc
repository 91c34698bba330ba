// sample-report NAME FOLDER: writes an invented report, for looking at and for the tests of ci/e2e.
#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conformance/report/samples/samples.h"
#include "conformance/report/writer.h"

int main(int argc, char** argv) {
  using namespace touchstone;
  auto report = argc == 3 ? SampleReport(argv[1]) : std::nullopt;
  if (!report) {
    fmt::print(stderr, "usage: sample-report NAME FOLDER\nnames: {}\n",
               fmt::join(SampleNames(), " "));
    return 2;
  }
  const auto written = WriteReport(*report, argv[2]);
  if (!written) fmt::print(stderr, "{}\n", written.error());
  return written ? 0 : 3;
}

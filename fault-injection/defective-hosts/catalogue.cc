#include <algorithm>
#include <iterator>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/provider_proxy.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

// Every hook set and nothing broken: were the shim itself a defect, this would show it.
Tampering Nothing() {
  Tampering tampering;
  tampering.request = PassToHost;
  tampering.response = PassToCaller;
  tampering.exit = [](int status, Wire&) { return status; };
  tampering.provider = [](ProviderExchange&) {};
  return tampering;
}

std::vector<Defect> All() {
  std::vector<Defect> all{
      {"none", "", Subtlety::kBlatant, "Nothing is broken: the judge must pass it.", Nothing}};
  for (const auto area :
       {FrameDefects, ReqDefects, RespDefects, BridgeDefects, LifeDefects, CtrlDefects, TimeDefects,
        SessDefects, IdemDefects, AdmitDefects, WireDefects, ProvDefects, ToolDefects, ExitDefects,
        SecDefects, LoadDefects, CrashDefects}) {
    auto rows = area();
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

const std::vector<Defect>& Defects() {
  static const std::vector<Defect> defects = All();
  return defects;
}

const std::vector<Exception>& Exceptions() {
  static const std::vector<Exception> exceptions = {};
  return exceptions;
}

const Defect* FindDefect(std::string_view name) {
  const auto& all = Defects();
  const auto found = std::ranges::find(all, name, &Defect::name);
  return found == all.end() ? nullptr : &*found;
}

bool Launch::Has(std::string_view word) const {
  return std::ranges::find(argv, word) != argv.end();
}

}  // namespace touchstone::defective

// The tables, one file for each area of the contract. A new defect is a row in one of them.
#pragma once

#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

std::vector<Defect> FrameDefects();
std::vector<Defect> ReqDefects();
std::vector<Defect> RespDefects();
std::vector<Defect> BridgeDefects();
std::vector<Defect> LifeDefects();
std::vector<Defect> CtrlDefects();
std::vector<Defect> TimeDefects();
std::vector<Defect> SessDefects();
std::vector<Defect> IdemDefects();
std::vector<Defect> AdmitDefects();
std::vector<Defect> WireDefects();
std::vector<Defect> ProvDefects();
std::vector<Defect> ToolDefects();
std::vector<Defect> ExitDefects();
std::vector<Defect> SecDefects();
std::vector<Defect> LoadDefects();
std::vector<Defect> CrashDefects();

}  // namespace touchstone::defective

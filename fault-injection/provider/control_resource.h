// The handlers of the control API, one for each method of a resource; see control.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fault-injection/provider/control_answer.h"
#include "fault-injection/provider/control_query.h"

namespace touchstone::provider {

struct ControlRequest {
  std::shared_ptr<LaneState> lane;
  std::string name;  // of hold/NAME
  ControlQuery query;
  std::string_view body;
};

ControlReply GetRules(ControlRequest& request);
ControlReply PutRules(ControlRequest& request);
ControlReply GetState(ControlRequest& request);
ControlReply PutState(ControlRequest& request);
ControlReply PostReset(ControlRequest& request);
ControlReply GetJournal(ControlRequest& request);
ControlReply GetConnections(ControlRequest& request);
ControlReply GetWait(ControlRequest& request);
ControlReply GetHolds(ControlRequest& request);
ControlReply PostHold(ControlRequest& request);
ControlReply PostRelease(ControlRequest& request);

}  // namespace touchstone::provider

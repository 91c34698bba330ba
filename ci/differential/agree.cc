#include "ci/differential/agree.h"

#include <algorithm>

namespace differential {
namespace {

using touchstone::fuzz::RequestType;
using touchstone::fuzz::Ruling;
using touchstone::fuzz::Standing;

bool SameType(const refhost::Request& request, RequestType type) {
  switch (type) {
    case RequestType::kRun:
      return std::holds_alternative<refhost::RunRequest>(request);
    case RequestType::kPing:
      return std::holds_alternative<refhost::PingRequest>(request);
    case RequestType::kCancel:
      return std::holds_alternative<refhost::CancelRequest>(request);
    case RequestType::kSessionClose:
      return std::holds_alternative<refhost::SessionCloseRequest>(request);
    case RequestType::kNone:
      break;
  }
  return false;
}

std::string DifferenceOfIds(const refhost::Request& request, const Ruling& ruling) {
  const auto& head =
      std::visit([](const auto& any) -> const refhost::RequestHead& { return any.head; }, request);
  if (head.request_id != ruling.request_id) return "request_id differs";
  if (const auto* run = std::get_if<refhost::RunRequest>(&request)) {
    if (run->session_id != ruling.session_id) return "session_id differs";
    if (run->idempotency_key != ruling.idempotency_key) return "idempotency_key differs";
  }
  if (const auto* cancel = std::get_if<refhost::CancelRequest>(&request)) {
    if (cancel->session_id != ruling.session_id) return "session_id differs";
    if (cancel->target_request_id != ruling.target) return "target differs";
  }
  return "";
}

std::string DifferenceOfRefusal(const refhost::BadRequest& bad, const Ruling& ruling) {
  if (bad.request_id == ruling.request_id || bad.request_id == "unknown") {
    // RESP-08: an id that could be read is answered under, unless the line was refused by its
    // framing.
    const bool lost = bad.request_id != ruling.request_id && !ruling.id_is_free;
    return lost ? "the host lost the request_id" : "";
  }
  const bool known = std::find(ruling.readable_ids.begin(), ruling.readable_ids.end(),
                               bad.request_id) != ruling.readable_ids.end();
  return ruling.id_is_free && known ? "" : "the host answers under another id: " + bad.request_id;
}

}  // namespace

std::string Difference(std::string_view line) {
  return Difference(touchstone::fuzz::JudgeRequest(line, touchstone::Mode::kStream),
                    refhost::ParseRequest(line));
}

std::string Difference(const Ruling& ruling,
                       const tl::expected<refhost::Request, refhost::BadRequest>& request) {
  if (ruling.standing == Standing::kBlank) return "";  // never reaches the host's parser
  const std::string reason = " (oracle: " + std::string(ToString(ruling.standing)) + ", " +
                             ruling.requirement + ", " + ruling.reason +
                             "; host: " + (request ? "accepted" : request.error().message) + ")";
  // Well-formed, and refused for want of a run to cancel: what no parser can know.
  const bool needs_state = ruling.type == RequestType::kCancel && ruling.requirement == "CTRL-04";
  std::string difference;
  if (request) {
    // A SHOULD that this host keeps (FRAME-11) is held against it as well.
    const bool refused =
        ruling.standing == Standing::kInvalid || ruling.standing == Standing::kShould;
    if (refused && !needs_state) {
      difference = "the host accepts what the oracle refuses";
    } else if (!SameType(*request, ruling.type)) {
      difference = "the type differs";
    } else {
      difference = DifferenceOfIds(*request, ruling);
    }
  } else if (ruling.standing == Standing::kValid || needs_state) {
    difference = "the host refuses what the oracle accepts";
  } else {
    difference = DifferenceOfRefusal(request.error(), ruling);
  }
  return difference.empty() ? "" : difference + reason;
}

}  // namespace differential

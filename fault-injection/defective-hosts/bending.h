// Words for defects at the provider's side: which exchanges, and what is done to them.
//
// Hooks run on several threads at once: what they keep is atomic, or behind a mutex of its own.
#pragma once

#include <functional>
#include <string>

#include "fault-injection/defective-hosts/provider_proxy.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {

Tampering Provider(ProviderProxy::Hook hook);
// Probes pass; the hook sees what asks for an answer.
Tampering Asks(ProviderProxy::Hook hook);
// The JSON of each such request. Passed on when the edit has changed it.
Tampering Asked(Edit edit);

using WhichAnswer = std::function<bool(const ProviderAnswer&)>;
using EditAnswer = std::function<void(ProviderAnswer&)>;
WhichAnswer Status(int status);
WhichAnswer Whole(int status = 200);
WhichAnswer Cut();
// Each answer that fits is changed before the host sees it.
Tampering Answers(WhichAnswer which, EditAnswer edit);
EditAnswer Becomes(int status);
// The JSON of it; nothing happens when it is none.
EditAnswer Content(Edit edit);
// The text of the answer as it is, then.
EditAnswer Words(std::function<std::string(std::string)> change);
// One more attempt, at once, while the answer fits: as a retry too many. `times` at most.
Tampering AsksAgain(WhichAnswer which, int times = 1);

// An answer in the shape of §13, with a usage of 1 and 1.
ProviderAnswer Saying(const std::string& text);

// Inside the host: see inside/.
Tampering Inside(std::string breakage);

// A request's messages, and those of them whose role is `tool`: the one that changes them gets the
// tool's name, its arguments and the message.
using EditResult = std::function<void(const std::string& tool, Object& arguments, Object& message)>;
Edit ToolResults(EditResult edit);
// An answer's tool calls, as {id, function: {name, arguments}}.
EditAnswer ToolCalls(std::function<void(boost::json::array&)> edit);

}  // namespace touchstone::defective

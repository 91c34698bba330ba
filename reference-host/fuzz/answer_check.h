// What holds of any answer that a provider's dialect made of a body (PROV-08, PROV-17, RESP-05).
#pragma once

#include "reference-host/provider/provider.h"

namespace refhost {

// Aborts where something does not hold. `next_body` is the request that shows the answer to the
// provider in the next round of tools.
void CheckAnswer(const AnswerResult& answer, const std::string& next_body);

// The transcript of a turn in which `answer` was given and its calls were made.
std::vector<Message> TranscriptWith(const Answer& answer);

}  // namespace refhost

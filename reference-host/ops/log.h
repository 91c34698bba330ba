// Diagnostics: one JSON object per line on stderr, and nowhere else (FRAME-02).
//
// Writing never blocks and never fails: when stderr is full or closed, lines are dropped. Any
// thread may log. Nothing that a provider or a caller said is ever logged, only ids, codes and
// counts (SEC-01).
#pragma once

#include <string>
#include <string_view>

#include "reference-host/options.h"

namespace refhost {

// `fields` is the inside of a JSON object, made with AppendField(), or empty.
void Log(LogLevel level, std::string_view message, std::string_view fields = {});

// Below this level nothing is written. Default: info.
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

}  // namespace refhost

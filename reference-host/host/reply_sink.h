// Where the host's answers go.
#pragma once

#include <string>

#include "reference-host/protocol/response.h"

namespace refhost {

class ReplySink {
 public:
  virtual ~ReplySink() = default;

  // Turns a response into what Push takes. Called without locks: it may be megabytes.
  virtual std::string Format(const Response& response) = 0;

  // Queues a line. Called with the host's lock held, so that lines keep the order in which things
  // happened: must not block, and must not call the host.
  virtual void Push(std::string line) = 0;
};

}  // namespace refhost

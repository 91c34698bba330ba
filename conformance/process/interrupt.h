// Ctrl-C and SIGTERM for the judge: the first asks everybody to stop and kills the hosts, so that
// nobody waits for them; a second ends the program at once (the warden cleans up).
//
// Made in main() before any other thread, since the signals are blocked for all threads.
#pragma once

#include <stop_token>
#include <thread>

namespace touchstone {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();

  std::stop_token token() const { return source_.get_token(); }

 private:
  void Watch(std::stop_token ended);

  std::stop_source source_;
  std::jthread thread_;
};

}  // namespace touchstone

// Ctrl-C and SIGTERM for the judge: the first asks everybody to stop and kills the hosts, so that
// nobody waits for them; a second ends the program at once (the warden cleans up).
//
// Made in main() before any other thread, since the signals are blocked for all threads.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace touchstone {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();

  std::stop_token token() const { return source_.get_token(); }

  // For a command that ends its hosts itself, and soon, when it is asked to stop: from here on the
  // first signal kills nobody.
  void SpareHosts() { spare_hosts_ = true; }

 private:
  void Watch(std::stop_token ended);

  std::stop_source source_;
  std::atomic<bool> spare_hosts_{false};
  std::jthread thread_;
};

}  // namespace touchstone

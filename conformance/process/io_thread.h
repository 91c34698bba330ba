// The one thread on which the judge starts child processes and reads their pipes.
//
// Children are started here and nowhere else because the kernel delivers PR_SET_PDEATHSIG when the
// *thread* that forked ends: this one lives as long as the judge, so a child dies with the judge
// and not before.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace touchstone {

class IoThread {
 public:
  IoThread();
  ~IoThread();  // every ChildProcess must be gone by then

  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::jthread thread_;
};

}  // namespace touchstone

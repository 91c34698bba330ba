#include "conformance/process/io_thread.h"

#include <pthread.h>

namespace touchstone {

IoThread::IoThread() : work_(boost::asio::make_work_guard(context_)) {
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "judge-io");
    context_.run();
  });
}

IoThread::~IoThread() {
  work_.reset();
  context_.stop();
}

}  // namespace touchstone

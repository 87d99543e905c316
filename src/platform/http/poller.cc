#include "platform/http/poller.h"

#include <sys/epoll.h>

#include <cerrno>
#include <system_error>

namespace latchkey::http {

Poller::Poller(boost::asio::io_context& io) : set_(io) {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  set_.assign(fd);
}

Poller::~Poller() = default;

void Poller::start() { wait(); }

bool Poller::add(int socket, Source& source) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &source;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void Poller::remove(int socket) {
  epoll_event ignored{};
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket, &ignored);
}

void Poller::wait() {
  set_.async_wait(set_.wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    dispatch();
    wait();
  });
}

// A source destroys at most itself, so that what else is in the batch stays valid.
void Poller::dispatch() {
  std::array<epoll_event, kBatch> events;
  const int count = ::epoll_wait(set_.native_handle(), events.data(), kBatch, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Source*>(event.data.ptr)->on_ready(event.events);
  }
}

}  // namespace latchkey::http

#include "app/ask_password.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "app/command_words.h"

namespace latchkey::app {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void note_signal(int signal) { caught = signal; }

// What ends or stops the program while nothing is shown must show it again first. Signals come only
// while a key is waited for, and those that were ignored before stay so.
class Signals {
 public:
  Signals() {
    caught = 0;
    sigset_t ending{};
    sigemptyset(&ending);
    for (const int signal : kEnding) sigaddset(&ending, signal);
    sigprocmask(SIG_BLOCK, &ending, &mask_before_);
    struct sigaction action{};
    action.sa_handler = note_signal;
    for (std::size_t i = 0; i < kEnding.size(); ++i) {
      sigaction(kEnding[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) sigaction(kEnding[i], &action, nullptr);
    }
  }
  ~Signals() {
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &before_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // False: a signal came instead.
  bool wait_for_key() const {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (caught == 0) {
      if (ppoll(&input, 1, nullptr, &mask_before_) >= 0 || errno != EINTR) return true;
    }
    return false;
  }

 private:
  static constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
  std::array<struct sigaction, kEnding.size()> before_{};
  sigset_t mask_before_{};
};

class NoEcho {
 public:
  NoEcho() {
    tcgetattr(STDIN_FILENO, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~NoEcho() { tcsetattr(STDIN_FILENO, TCSANOW, &before_); }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
};

// One line; the end of the input ends it too, and so does a signal.
std::string read_line(const Signals& signals) {
  std::string line;
  char c = 0;
  while (signals.wait_for_key()) {
    const ssize_t size = ::read(STDIN_FILENO, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace

bool person_at_standard_input() { return isatty(STDIN_FILENO) == 1; }

std::string ask_password(const std::string& prompt) {
  for (;;) {
    std::string line;
    {
      const Signals signals;
      const NoEcho silent;
      std::fprintf(stderr, "%s: ", prompt.c_str());
      line = read_line(signals);
    }
    if (caught == 0) return password_of_line(std::move(line)).value_or("");
    std::fputs("\n", stderr);
    std::raise(caught);  // ends here, or stops and is continued: then it is asked again
  }
}

std::expected<std::string, std::string> ask_new_password(const std::string& prompt) {
  std::string password = ask_password(prompt);
  if (password.empty()) return password;
  if (ask_password("The same again") != password) {
    return std::unexpected("the two passwords are not the same; nothing was done");
  }
  return password;
}

std::expected<std::string, std::string> read_password() {
  std::string line;
  std::getline(std::cin, line);
  auto password = password_of_line(std::move(line));
  if (!password) return std::unexpected("standard input holds no password");
  return std::move(*password);
}

}  // namespace latchkey::app

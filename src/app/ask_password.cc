#include "app/ask_password.h"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "app/command_words.h"

namespace latchkey::app {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void note_signal(int signal) { caught = signal; }

// What ends the program while nothing is shown must show it again first.
class Signals {
 public:
  Signals() {
    caught = 0;
    struct sigaction action{};
    action.sa_handler = note_signal;  // without SA_RESTART: read() returns
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &action, &before_[i]);
  }
  ~Signals() {
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &before_[i], nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  static constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
  std::array<struct sigaction, kEnding.size()> before_{};
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

// One line; the end of the input ends it too.
std::string read_line() {
  std::string line;
  char c = 0;
  while (caught == 0) {
    const ssize_t size = ::read(STDIN_FILENO, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

std::string ask(const std::string& prompt) {
  std::string line;
  {
    const Signals signals;
    const NoEcho silent;
    std::fprintf(stderr, "%s: ", prompt.c_str());
    line = read_line();
  }
  if (caught != 0) {
    std::fputs("\n", stderr);
    std::raise(caught);
  }
  return password_of_line(std::move(line)).value_or("");
}

}  // namespace

bool person_at_standard_input() { return isatty(STDIN_FILENO) == 1; }

std::expected<std::string, std::string> ask_new_password(const std::string& prompt) {
  std::string password = ask(prompt);
  if (password.empty()) return password;
  if (ask("The same again") != password) {
    return std::unexpected("the two passwords are not the same; nothing was done");
  }
  return password;
}

}  // namespace latchkey::app

#include "domain/signin/directories.h"

#include <algorithm>
#include <optional>

namespace latchkey::signin {
namespace {

using Why = providers::Failure::Why;

Word word_of(Why why) {
  switch (why) {
    case Why::wrong_credentials:
      return Word::no;
    case Why::denied:
      return Word::denied;
    case Why::unavailable:
    case Why::misconfigured:
    case Why::not_fresh:
    case Why::not_believed:
      break;
  }
  return Word::no_answer;
}

}  // namespace

Directories::Directories(const Ground& ground, const providers::ProviderSet& providers,
                         const Bounds& bounds)
    : ground_(ground), bounds_(bounds) {
  for (const providers::Provider& provider : providers.all()) {
    if (provider.password == nullptr) continue;
    all_.push_back(std::make_unique<One>(provider, bounds));
  }
}

Directories::~Directories() { close(); }

void Directories::close() {
  stop_.request_stop();
  all_.clear();
}

std::vector<const providers::Provider*> Directories::all() const {
  std::vector<const providers::Provider*> list;
  for (const auto& one : all_) list.push_back(one->provider);
  return list;
}

Task<Directories::Answer> Directories::ask(Question question, Secret password) {
  const auto found =
      std::ranges::find(all_, question.provider, [](const auto& one) { return one->provider; });
  if (found == all_.end()) co_return Answer{};
  const CallLimits limits{.deadline = std::chrono::steady_clock::now() + bounds_.patience,
                          .stop = stop_.get_token()};
  auto reply = co_await (*found)->pool.run(
      [question, password = std::move(password), limits]() -> providers::Reply<providers::Person> {
        // Whose turn comes after their patience is over has gone by then.
        if (std::chrono::steady_clock::now() >= limits.deadline || limits.stop.stop_requested()) {
          return std::unexpected(providers::Failure{
              .why = Why::unavailable, .reason = "timed_out", .sentence = "too many wait for it"});
        }
        providers::PasswordProvider& directory = *question.provider->password;
        return question.subject.empty()
                   ? directory.check(question.user, password, limits)
                   : directory.check_known(question.subject, question.user, password, limits);
      });
  if (!reply) {
    reply = std::unexpected(providers::Failure{
        .why = Why::unavailable, .reason = "busy", .sentence = "too many wait for it already"});
  }
  co_return heard(*question.provider, *std::move(reply));
}

Directories::Answer Directories::heard(const providers::Provider& provider,
                                       providers::Reply<providers::Person> reply) {
  if (reply) {
    return {Word::yes, std::make_shared<const DirectoryPerson>(&provider, *std::move(reply))};
  }
  const providers::Failure& failure = reply.error();
  const Word word = word_of(failure.why);
  // An outage is the same line for everybody who comes.
  if (word == Word::no_answer && lines_.take()) {
    ground_.log.warning("a directory did not say whose password it is",
                        {{"provider", provider.options.id},
                         {"reason", std::string(failure.reason)},
                         {"detail", failure.sentence}});
  } else if (word == Word::denied) {
    ground_.log.info("a directory does not let somebody in",
                     {{"provider", provider.options.id}, {"reason", std::string(failure.reason)}});
  }
  return {word};
}

}  // namespace latchkey::signin

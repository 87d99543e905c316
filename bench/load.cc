// A load generator, of a closed loop or with a rate: one thread, keep-alive connections, a
// different token in each request, the server's CPU time beside the rate. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/load_client.h"
#include "bench/program.h"

namespace latchkey::bench {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Step> read_steps(const std::vector<std::string>& requests,
                             const std::vector<std::string>& takings) {
  std::vector<Step> steps;
  for (const std::string& file : requests) steps.push_back({RequestTemplate(contents(file))});
  if (takings.size() > steps.size()) throw std::runtime_error("more to take than requests");
  for (std::size_t i = 0; i < takings.size(); ++i) steps[i].take = Taking(takings[i]);
  return steps;
}

std::vector<std::string> lines(const std::string& path, std::size_t limit) {
  std::vector<std::string> found;
  std::ifstream file(path);
  for (std::string line; (limit == 0 || found.size() < limit) && std::getline(file, line);) {
    found.push_back(line);
  }
  if (found.empty()) throw std::runtime_error("no lines in " + path);
  return found;
}

void write_lines(const std::string& path, const std::vector<std::string>& what) {
  std::ofstream file(path);
  for (const std::string& line : what) file << line << '\n';
}

// When, in seconds of Unix time; which request of the pass; what was answered.
std::string in_json(const std::vector<Failed>& failed) {
  boost::json::array list;
  for (const Failed& one : failed) {
    const std::chrono::duration<double> at = one.at.time_since_epoch();
    list.push_back(
        boost::json::object{{"at", at.count()}, {"step", one.step}, {"answer", one.answer}});
  }
  return boost::json::serialize(list);
}

void print(const LoadResult& result) {
  const auto requests = static_cast<double>(std::max<std::uint64_t>(result.requests, 1));
  const auto micros = [&](double share) {
    return static_cast<double>(result.latency.percentile(share)) / 1000;
  };
  std::printf(
      "{\"requests\": %llu, \"not_ok\": %llu, \"broken\": %llu, \"seconds\": %.6f, \"rate\": %.1f, "
      "\"cpu_us\": %.3f, \"cpu_share\": %.3f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
      "\"p999_us\": %.1f, \"failed\": %s}\n",
      static_cast<unsigned long long>(result.requests),
      static_cast<unsigned long long>(result.not_ok),
      static_cast<unsigned long long>(result.broken), result.seconds, requests / result.seconds,
      result.cpu_seconds * 1e6 / requests, result.cpu_seconds / result.seconds, micros(0.5),
      micros(0.99), micros(0.999), in_json(result.failed).c_str());
}

int run(int argc, char** argv) {
  LoadPlan plan;
  std::vector<std::string> request_files;
  std::vector<std::string> takings;
  std::string words_file;
  std::string answer_file;
  std::string taken_file;
  std::size_t words_limit = 0;
  double seconds = 0;
  bool shuffle = false;
  CLI::App app{"A load generator."};
  app.add_option("--port", plan.port, "The server's port on 127.0.0.1")->required();
  app.add_option("--request", request_files,
                 "A file with the request; {} takes a word. Several: a pass of one after the other")
      ->required();
  app.add_option("--take", takings,
                 "What of each request's answer the next takes for {taken}: TEXT{}TEXT");
  app.add_option("--save-taken", taken_file, "Where to write what each pass took last");
  app.add_flag("--replace-words", plan.replace_words,
               "What a pass took last takes its word's place, in the file too");
  app.add_option("--words", words_file, "A file of words, one on each line, all of one length");
  app.add_option("--words-limit", words_limit, "How many of the words to use");
  app.add_flag("--shuffle", shuffle, "Use the words in an order of chance, the same in each run");
  app.add_flag("--poll", plan.poll, "Never sleep: for when the server's CPU time is taken");
  app.add_option("--rate", plan.rate, "Passes a second, begun when they are due");
  app.add_flag("--reopen", plan.reopen, "Open a connection anew that the server has closed");
  app.add_option("--connections", plan.connections, "Keep-alive connections");
  app.add_option("--warm-up", plan.warm_up, "Requests before the counted ones");
  app.add_option("--requests", plan.requests, "Counted requests");
  app.add_option("--seconds", seconds, "Or: how long to count");
  app.add_option("--process", plan.measured_process, "The process whose CPU time is taken");
  app.add_option("--save-answer", answer_file, "Where to write the first answer");
  CLI11_PARSE(app, argc, argv);
  plan.steps = read_steps(request_files, takings);
  if (!words_file.empty()) plan.words = lines(words_file, words_limit);
  if (shuffle) std::shuffle(plan.words.begin(), plan.words.end(), std::mt19937_64{1});
  plan.span = std::chrono::duration<double>(seconds);
  const LoadResult result = run_load(std::move(plan));
  if (!answer_file.empty()) {
    std::ofstream(answer_file, std::ios::binary) << result.first_answer;
  }
  if (!taken_file.empty()) write_lines(taken_file, result.taken);
  if (!result.words.empty()) write_lines(words_file, result.words);
  print(result);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  return latchkey::bench::run_program("load", latchkey::bench::run, argc, argv);
}

#include "platform/telemetry/metrics.h"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <variant>

namespace latchkey::telemetry {
namespace {

using Read = std::function<double()>;
using Type = prometheus::MetricType;

}  // namespace

Counter::Counter(std::size_t workers)
    : workers_(std::max<std::size_t>(workers, 1)), slots_(std::make_unique<Slot[]>(workers_)) {}

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < workers_; ++i) {
    sum += slots_[i].value.load(std::memory_order_relaxed);
  }
  return sum;
}

// The counts and the sum of one worker. What a scrape reads while it is being written may lack
// the last value in one of the two.
struct alignas(64) Histogram::Slot {
  explicit Slot(std::size_t buckets) : counts(buckets) {}
  std::vector<std::atomic<std::uint64_t>> counts;
  std::atomic<double> sum{0};
};

Histogram::Histogram(std::size_t workers, std::vector<double> bounds) : bounds_(std::move(bounds)) {
  if (std::ranges::adjacent_find(bounds_, std::greater_equal<>{}) != bounds_.end()) {
    throw std::invalid_argument("the bounds of a histogram must rise");
  }
  for (std::size_t i = 0; i < std::max<std::size_t>(workers, 1); ++i) {
    slots_.push_back(std::make_unique<Slot>(bounds_.size() + 1));
  }
}

Histogram::~Histogram() = default;

void Histogram::observe(std::size_t worker, double value) {
  Slot& slot = *slots_[worker % slots_.size()];
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  slot.counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  slot.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot all{std::vector<std::uint64_t>(bounds_.size() + 1), 0};
  for (const auto& slot : slots_) {
    for (std::size_t i = 0; i < slot->counts.size(); ++i) {
      all.cumulative[i] += slot->counts[i].load(std::memory_order_relaxed);
    }
    all.sum += slot->sum.load(std::memory_order_relaxed);
  }
  for (std::size_t i = 1; i < all.cumulative.size(); ++i)
    all.cumulative[i] += all.cumulative[i - 1];
  return all;
}

std::vector<double> latency_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

namespace {

struct Series {
  Labels labels;
  std::variant<std::unique_ptr<Counter>, std::unique_ptr<Histogram>, Read> metric;
};

struct Family {
  std::string help;
  Type type;
  std::vector<Series> series;
};

prometheus::ClientMetric collect(const Series& series, Type type) {
  prometheus::ClientMetric out;
  for (const auto& [name, value] : series.labels) out.label.push_back({name, value});
  if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&series.metric)) {
    const auto snapshot = (*histogram)->snapshot();
    const auto& bounds = (*histogram)->bounds();
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      out.histogram.bucket.push_back({snapshot.cumulative[i], bounds[i]});
    }
    out.histogram.sample_count = snapshot.cumulative.back();
    out.histogram.sample_sum = snapshot.sum;
    return out;
  }
  const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series.metric);
  const double value = counter != nullptr ? static_cast<double>((*counter)->value())
                                          : std::get<Read>(series.metric)();
  (type == Type::Counter ? out.counter.value : out.gauge.value) = value;
  return out;
}

}  // namespace

struct Registry::Impl {
  // The series of that name and those labels; its metric is made by `make` when there is none.
  template <class Make>
  auto& find(const std::string& name, const std::string& help, Type type, Labels labels,
             Make make) {
    if (!prometheus::CheckMetricName(name)) {
      throw std::invalid_argument("'" + name + "' cannot name a metric");
    }
    for (const auto& [label, value] : labels) {
      if (!prometheus::CheckLabelName(label)) {
        throw std::invalid_argument("'" + label + "' cannot name a label");
      }
    }
    auto& family = families.try_emplace(name, Family{help, type, {}}).first->second;
    if (family.type != type) throw std::invalid_argument("'" + name + "' is of another kind");
    std::ranges::sort(labels);
    auto found = std::ranges::find(family.series, labels, &Series::labels);
    if (found == family.series.end()) {
      family.series.push_back({std::move(labels), make()});
      found = family.series.end() - 1;
    }
    using Metric = decltype(make());
    auto* metric = std::get_if<Metric>(&found->metric);
    if (metric == nullptr) throw std::invalid_argument("'" + name + "' is counted elsewhere");
    return *metric;
  }

  std::size_t workers;
  mutable std::mutex mutex;
  std::map<std::string, Family> families;
};

Registry::Registry(std::size_t workers) : impl_(std::make_unique<Impl>()) {
  impl_->workers = workers;
}

Registry::~Registry() = default;

Counter& Registry::counter(const std::string& name, const std::string& help, Labels labels) {
  const std::lock_guard lock(impl_->mutex);
  return *impl_->find(name, help, Type::Counter, std::move(labels),
                      [&] { return std::make_unique<Counter>(impl_->workers); });
}

Histogram& Registry::histogram(const std::string& name, const std::string& help,
                               std::vector<double> bounds, Labels labels) {
  const std::lock_guard lock(impl_->mutex);
  return *impl_->find(name, help, Type::Histogram, std::move(labels), [&] {
    return std::make_unique<Histogram>(impl_->workers, std::move(bounds));
  });
}

void Registry::gauge(const std::string& name, const std::string& help, Read read, Labels labels) {
  const std::lock_guard lock(impl_->mutex);
  impl_->find(name, help, Type::Gauge, std::move(labels), [] { return Read(); }) = std::move(read);
}

void Registry::counter(const std::string& name, const std::string& help, Read read, Labels labels) {
  const std::lock_guard lock(impl_->mutex);
  impl_->find(name, help, Type::Counter, std::move(labels), [] { return Read(); }) =
      std::move(read);
}

namespace {

// The library writes the help as it is: a line break would be a line that no scraper reads, and the
// whole page would be lost with it.
std::string escaped(std::string_view help) {
  std::string text;
  for (const char c : help) {
    if (c == '\\') text.append("\\\\");
    if (c == '\n') text.append("\\n");
    if (c != '\\' && c != '\n') text.push_back(c);
  }
  return text;
}

}  // namespace

std::string Registry::render() const {
  std::vector<prometheus::MetricFamily> out;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [name, family] : impl_->families) {
    prometheus::MetricFamily collected{name, escaped(family.help), family.type, {}};
    for (const auto& series : family.series) {
      collected.metric.push_back(collect(series, family.type));
    }
    out.push_back(std::move(collected));
  }
  return prometheus::TextSerializer().Serialize(out);
}

}  // namespace latchkey::telemetry

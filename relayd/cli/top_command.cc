#include "relayd/cli/top_command.h"

#include <sysexits.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include "relayd/cli/terminal.h"
#include "relayd/control/request.h"
#include "relayd/control/top.h"
#include "relayd/net/control/request_client.h"

namespace tsmtp::cli {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::string_view kKeys = "m mails  b bytes  d delay  n name  q quit\n";
constexpr std::size_t kPlainWidth = 132;
constexpr std::size_t kPlainHeight = 1'000'000;

base::Result<control::TopSample> take_sample(const settings::Config& config) {
  const auto received = net::ask(config.hub.control, control::request_line(control::Request::kStatusJson));
  if (!received) return received.error();
  const auto reply = control::parse_reply(*received);
  if (!reply) return reply.error();
  return control::read_sample(*reply, std::chrono::steady_clock::now());
}

/// What is shown last, and the sample before it.
class Rounds {
 public:
  explicit Rounds(const settings::Config& config) : config_(config) {}

  void next() {
    auto sample = take_sample(config_);
    trouble_ = sample ? std::string() : sample.error().message;
    if (!sample) return;
    before_ = std::exchange(now_, *std::move(sample));
  }
  [[nodiscard]] std::string text(control::TopOrder order, std::size_t width, std::size_t height) const {
    const std::string first = trouble_.empty() ? "" : "relayd does not answer: " + trouble_ + "\n";
    return first + (now_ ? control::top_text(before_, *now_, order, width, height) : std::string());
  }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  const settings::Config& config_;
  std::optional<control::TopSample> before_;
  std::optional<control::TopSample> now_;
  std::string trouble_;
};

std::optional<control::TopOrder> order_of(char key) {
  switch (key) {
    case 'm':
      return control::TopOrder::kMails;
    case 'b':
      return control::TopOrder::kBytes;
    case 'd':
      return control::TopOrder::kDelay;
    case 'n':
      return control::TopOrder::kName;
    default:
      return std::nullopt;
  }
}

// Until a key ends it. A key that changes the order is obeyed at once, and the next sample taken at its time.
void run_on_terminal(Rounds& rounds, const TopOptions& options, Milliseconds interval) {
  Terminal terminal;
  auto order = control::TopOrder::kMails;
  for (int round = 0; options.rounds == 0 || round <= options.rounds; ++round) {
    rounds.next();
    const auto next = std::chrono::steady_clock::now() + interval;
    for (auto left = interval; left > Milliseconds(0);
         left = std::chrono::duration_cast<Milliseconds>(next - std::chrono::steady_clock::now())) {
      const auto [columns, lines] = Terminal::size();
      Terminal::show(rounds.text(order, columns, lines - 2) + std::string(kKeys));
      const auto key = Terminal::key(left);
      if (key == 'q') return;
      if (key) order = order_of(*key).value_or(order);
    }
  }
}

void print(Rounds& rounds, const TopOptions& options, Milliseconds interval) {
  rounds.next();
  for (int round = 0; options.rounds == 0 || round < options.rounds; ++round) {
    std::this_thread::sleep_for(interval);
    rounds.next();
    if (!std::cout) return;
    std::cout << rounds.text(control::TopOrder::kMails, kPlainWidth, kPlainHeight) << std::endl;
  }
}

}  // namespace

void add_top_options(CLI::App& command, TopOptions& options) {
  constexpr double kLeastSeconds = 0.1, kMostSeconds = 3600;
  command.add_option("--interval", options.interval_seconds, "how long a round is")
      ->type_name("SECONDS")
      ->check(CLI::Range(kLeastSeconds, kMostSeconds))
      ->capture_default_str();
  command.add_option("--rounds", options.rounds, "end after so many; without it, when it is told to")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
}

int run_top(const settings::Config& config, const TopOptions& options) {
  Rounds rounds(config);
  const Milliseconds interval(static_cast<Milliseconds::rep>(options.interval_seconds * 1000));
  if (Terminal::is_there())
    run_on_terminal(rounds, options, interval);
  else
    print(rounds, options, interval);
  if (rounds.trouble().empty()) return EX_OK;
  std::cerr << "relayctl: " << rounds.trouble() << '\n';
  return EX_UNAVAILABLE;
}

}  // namespace tsmtp::cli

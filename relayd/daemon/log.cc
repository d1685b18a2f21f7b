#include "relayd/daemon/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

#include <utility>

#include "relayd/base/utf8.h"
#include "relayd/daemon/log_outputs.h"
#include "relayd/daemon/log_queue.h"

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kMostGatheredBytes = 64 * 1024;
constexpr char kStderrPattern[] = "%Y-%m-%d %H:%M:%S.%e relayd[%P] %l: %v";
constexpr char kSyslogPattern[] = "%b %d %H:%M:%S relayd[%P]: %v";
constexpr char kJournalPattern[] = "%v";

int priority_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return LOG_ERR;
  if (level == spdlog::level::warn) return LOG_WARNING;
  return level == spdlog::level::info ? LOG_INFO : LOG_DEBUG;
}

// One write for the lines of one turn of the event loop; a warning is written at once.
class QueueSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  enum class Prefix { kNone, kPriority, kFacility };

  QueueSink(std::unique_ptr<LogOutput> output, Prefix prefix, Later later, Later in_a_while)
      : prefix_(prefix),
        later_(std::move(later)),
        queue_(std::move(output), std::move(in_a_while), [this](auto lost) {
          return formatted({"relayd", spdlog::level::warn,
                            std::to_string(lost) + " log lines lost: they came faster than they were read"});
        }) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    queue_.add(formatted(line));
    if (queue_.bytes() > kMostGatheredBytes) return flush_();
    if (!std::exchange(is_due_, true)) later_([this] { flush(); });
  }

  void flush_() override {
    is_due_ = false;
    queue_.flush();
  }

 private:
  std::string formatted(const spdlog::details::log_msg& line) {
    spdlog::memory_buf_t text;
    if (prefix_ != Prefix::kNone) {
      const int facility = prefix_ == Prefix::kFacility ? LOG_MAIL : 0;
      const std::string number = '<' + std::to_string(facility | priority_of(line.level)) + '>';
      text.append(number.data(), number.data() + number.size());
    }
    formatter_->format(line, text);
    return {text.data(), text.size()};
  }

  Prefix prefix_;
  Later later_;
  bool is_due_ = false;  // flush() will be called
  LogQueue queue_;
};

class SpdlogLogger : public base::Logger {
 public:
  explicit SpdlogLogger(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {
    logger_->set_level(spdlog::level::debug);
    logger_->flush_on(spdlog::level::warn);
  }

  // A line is one line and does nothing to a terminal, even if something in it was not escaped (P8).
  void log(base::LogLevel level, std::string_view line) override {
    const std::string text = base::shown(line);
    logger_->log(translate(level), spdlog::string_view_t(text.data(), text.size()));
  }

 private:
  static spdlog::level::level_enum translate(base::LogLevel level) {
    switch (level) {
      case base::LogLevel::kDebug:
        return spdlog::level::debug;
      case base::LogLevel::kInfo:
        return spdlog::level::info;
      case base::LogLevel::kWarning:
        return spdlog::level::warn;
      case base::LogLevel::kError:
        return spdlog::level::err;
    }
    return spdlog::level::info;
  }

  std::shared_ptr<spdlog::logger> logger_;
};

std::unique_ptr<base::Logger> make(std::shared_ptr<QueueSink> sink, const char* pattern) {
  auto logger = std::make_shared<spdlog::logger>("relayd", std::move(sink));
  logger->set_pattern(pattern);
  return std::make_unique<SpdlogLogger>(std::move(logger));
}

}  // namespace

std::unique_ptr<base::Logger> make_logger(settings::LogTarget target, Later later, Later in_a_while) {
  using Prefix = QueueSink::Prefix;
  if (target == settings::LogTarget::kSyslog)
    return make(std::make_shared<QueueSink>(std::make_unique<SyslogOutput>(), Prefix::kFacility,
                                            std::move(later), std::move(in_a_while)),
                kSyslogPattern);
  const bool journal = stderr_is_journal();
  return make(std::make_shared<QueueSink>(std::make_unique<StderrOutput>(),
                                          journal ? Prefix::kPriority : Prefix::kNone, std::move(later),
                                          std::move(in_a_while)),
              journal ? kJournalPattern : kStderrPattern);
}

}  // namespace tsmtp::daemon

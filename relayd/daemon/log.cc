#include "relayd/daemon/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <string>

namespace tsmtp::daemon {
namespace {

class SpdlogLogger : public base::Logger {
 public:
  explicit SpdlogLogger(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {
    logger_->set_level(spdlog::level::debug);
    logger_->flush_on(spdlog::level::info);
  }

  void log(base::LogLevel level, std::string_view line) override {
    logger_->log(translate(level), spdlog::string_view_t(line.data(), line.size()));
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

}  // namespace

std::unique_ptr<base::Logger> make_logger(config::LogTarget target) {
  std::shared_ptr<spdlog::logger> logger;
  switch (target) {
    case config::LogTarget::kStderr:
      logger = std::make_shared<spdlog::logger>("relayd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
      logger->set_pattern("%Y-%m-%d %H:%M:%S.%e relayd[%P] %l: %v");
      break;
    case config::LogTarget::kSyslog:
      logger = std::make_shared<spdlog::logger>(
          "relayd", std::make_shared<spdlog::sinks::syslog_sink_mt>("relayd", LOG_PID, LOG_MAIL, false));
      break;
  }
  return std::make_unique<SpdlogLogger>(std::move(logger));
}

}  // namespace tsmtp::daemon

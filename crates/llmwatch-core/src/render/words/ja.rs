//! Japanese, with the terms of AWS's Japanese documentation.
//!
//! Numbers keep their digits, grouped by thousands, so that they read as in the console. Moments
//! are in UTC as everywhere in AWS, with Japan's own time behind them.

use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{Symptom, Words};
use crate::alarm::{AlarmKind, Severity};
use crate::digest::{Change, Volume};
use crate::pool::Scope;
use crate::quality::alarm::QualityKind;
use crate::quota::{QuotaKind, QuotaSource};
use crate::render::format::{count, is_below_a_tenth, percent, signed_percent, signed_points};
use crate::settings::{InForce, Mend};

/// Japan has no daylight saving time, so the offset needs no time-zone database.
const JAPAN: tz::Offset = tz::offset(9);

#[derive(Debug)]
pub(super) struct Japanese;

impl Words for Japanese {
    /// For example `75.5%`.
    fn share(&self, share: f64) -> String {
        format!("{}%", percent(share))
    }

    /// For example `0.1%`, `0.1% 未満`, `0%`.
    fn mean_share(&self, share: f64) -> String {
        if is_below_a_tenth(share) { "0.1% 未満".to_owned() } else { self.share(share) }
    }

    /// For example `2026年11月21日 02:45 UTC（11:45 JST）`.
    fn moment(&self, at: Timestamp) -> String {
        let utc = at.strftime("%Y年%-m月%-d日 %H:%M UTC");
        format!("{utc}（{} JST）", in_japan(at, "%H:%M"))
    }

    /// For example `2026-11-21 02:45:55（11:45:55）`.
    fn moment_in_time_line(&self, at: Timestamp) -> String {
        format!("{}（{}）", at.strftime("%Y-%m-%d %H:%M:%S"), in_japan(at, "%H:%M:%S"))
    }

    /// For example `2026-11-21 02:45（11:45）`.
    fn moment_in_table(&self, at: Timestamp) -> String {
        format!("{}（{}）", at.strftime("%Y-%m-%d %H:%M"), in_japan(at, "%H:%M"))
    }

    /// `40秒`, `42分`, `2時間5分`, `1日3時間`.
    fn span(&self, span: SignedDuration) -> String {
        let seconds = span.as_secs().max(0);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => format!("{seconds}秒"),
            (0, 0, _) => format!("{minutes}分"),
            (0, _, 0) => format!("{hours}時間"),
            (0, _, _) => format!("{hours}時間{minutes}分"),
            (_, 0, _) => format!("{days}日"),
            _ => format!("{days}日{hours}時間"),
        }
    }

    fn period(&self, seconds: u32) -> String {
        match seconds {
            86_400 => "24時間".to_owned(),
            seconds => format!("{}分間", seconds / 60),
        }
    }

    fn window(&self, minutes: u32) -> String {
        match minutes / 1440 {
            0 => format!("{minutes}分間"),
            1 => "24時間".to_owned(),
            days => format!("{days}日間"),
        }
    }

    fn seconds(&self, seconds: f64) -> String {
        format!("{}秒", count(seconds))
    }

    fn list(&self, words: &[&str]) -> String {
        words.join("、")
    }

    fn choice(&self, words: &[&str]) -> String {
        words.join(" または ")
    }

    fn noun(&self, kind: AlarmKind) -> &'static str {
        match kind {
            AlarmKind::ServerErrors => "サーバーエラー",
            AlarmKind::ClientErrors => "クライアントエラー",
            AlarmKind::Throttles => "スロットリング",
            AlarmKind::InvocationRateAtLimit => "RPM の上限間近",
            AlarmKind::TPMQuotaUsageAtLimit => "TPM の上限間近",
            AlarmKind::TPDQuotaUsageAtLimit => "TPD の上限間近",
            AlarmKind::HighInvocationRate => "RPM の高い使用率",
            AlarmKind::HighTPMQuotaUsage => "TPM の高い使用率",
            AlarmKind::HighTPDQuotaUsage => "TPD の高い使用率",
            AlarmKind::HighLatency => "応答の遅延",
            AlarmKind::HighTimeToFirstToken => "最初のトークンの遅延",
            AlarmKind::InvocationAnomaly => "リクエスト数の異常な増加",
            AlarmKind::InputTokenAnomaly => "入力トークン数の異常な増加",
            AlarmKind::OutputTokenAnomaly => "出力トークン数の異常な増加",
            AlarmKind::LatencyAnomaly => "レイテンシーの異常",
            AlarmKind::HighHourlyCost => "予算を超えるコスト",
        }
    }

    fn says(&self, kind: AlarmKind) -> &'static str {
        match kind {
            AlarmKind::ServerErrors => "Bedrock のサーバーエラー（5xx）が発生",
            AlarmKind::ClientErrors => "クライアントエラー（4xx、スロットリングを除く）が発生",
            AlarmKind::Throttles => "スロットリングが発生",
            AlarmKind::InvocationRateAtLimit => "1分あたりのリクエスト数がクォータをほぼ使い切り",
            AlarmKind::TPMQuotaUsageAtLimit => "1分あたりのトークン数がクォータをほぼ使い切り",
            AlarmKind::TPDQuotaUsageAtLimit => {
                "1日あたりのトークン数（直近24時間）がクォータをほぼ使い切り"
            }
            AlarmKind::HighInvocationRate => "1分あたりのリクエスト数がクォータに接近",
            AlarmKind::HighTPMQuotaUsage => "1分あたりのトークン数がクォータに接近",
            AlarmKind::HighTPDQuotaUsage => "1日あたりのトークン数（直近24時間）がクォータに接近",
            AlarmKind::HighLatency => "応答が低速",
            AlarmKind::HighTimeToFirstToken => "最初のトークンまでの時間が長い状態",
            AlarmKind::InvocationAnomaly => "リクエスト数が通常より多い状態",
            AlarmKind::InputTokenAnomaly => "入力トークン数が通常より多い状態",
            AlarmKind::OutputTokenAnomaly => "出力トークン数が通常より多い状態",
            AlarmKind::LatencyAnomaly => "応答が通常より低速",
            AlarmKind::HighHourlyCost => "1時間のコストが予算以上",
        }
    }

    /// Nouns, which hold for now and afterwards alike: the verb says which.
    fn symptom(&self, kind: AlarmKind) -> Option<Symptom> {
        let symptom = |noun| Some(Symptom { present: noun, past: noun });
        match kind {
            AlarmKind::ServerErrors => symptom("サーバーエラーによるリクエストの失敗"),
            AlarmKind::ClientErrors => symptom("クライアントエラーによるリクエストの失敗"),
            AlarmKind::Throttles => symptom("スロットリングによるリクエストの拒否"),
            AlarmKind::InvocationRateAtLimit => symptom("RPM のクォータをほぼ使い切った状態"),
            AlarmKind::TPMQuotaUsageAtLimit => symptom("TPM のクォータをほぼ使い切った状態"),
            AlarmKind::TPDQuotaUsageAtLimit => symptom("TPD のクォータをほぼ使い切った状態"),
            AlarmKind::HighInvocationRate
            | AlarmKind::HighTPMQuotaUsage
            | AlarmKind::HighTPDQuotaUsage
            | AlarmKind::HighLatency
            | AlarmKind::HighTimeToFirstToken
            | AlarmKind::InvocationAnomaly
            | AlarmKind::InputTokenAnomaly
            | AlarmKind::OutputTokenAnomaly
            | AlarmKind::LatencyAnomaly
            | AlarmKind::HighHourlyCost => None,
        }
    }

    fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Warning => "警告",
            Severity::Critical => "重大",
        }
    }

    fn scope(&self, scope: Scope) -> &'static str {
        match scope {
            Scope::OnDemand => "on-demand（オンデマンド: 基盤モデル ID、リージョン内で処理）",
            Scope::CrossRegion => "cross-region（クロスリージョン推論: 地域別の推論プロファイル）",
            Scope::Global => "global（クロスリージョン推論: グローバル推論プロファイル）",
            Scope::CustomDeployment => "custom-deployment（オンデマンドのカスタムモデル）",
            Scope::Dedicated => "dedicated（プロビジョンドスループットまたはインポートしたモデル）",
        }
    }

    fn unit(&self, kind: QuotaKind) -> &'static str {
        match kind {
            QuotaKind::Rpm => "リクエスト/分",
            QuotaKind::Tpm => "トークン/分",
            QuotaKind::Tpd => "トークン/日",
        }
    }

    fn counted(&self, kind: QuotaKind) -> &'static str {
        match kind {
            QuotaKind::Rpm => "リクエスト",
            QuotaKind::Tpm | QuotaKind::Tpd => "トークン",
        }
    }

    fn source(&self, source: QuotaSource) -> &'static str {
        match source {
            QuotaSource::Applied => "このアカウントに適用された値",
            QuotaSource::Default => "AWS のデフォルト値",
        }
    }

    fn mend(&self, mend: Mend) -> String {
        match mend {
            Mend::OneOf(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("「{word}」")).collect();
                format!("{}のいずれか", words.concat())
            }
            Mend::WholeNumber { from, to } => format!("{from} から {to} までの整数"),
            Mend::PlainText { max_chars, or } => {
                format!("{max_chars} 文字以内のプレーンテキスト、または「{or}」")
            }
            Mend::ByPool { example } => {
                format!("プールのラベルをキーとする JSON オブジェクト（例: {example}）")
            }
            Mend::JsonObject => "設定の JSON オブジェクト".to_owned(),
            Mend::TextOrNumber => "文字列または数値".to_owned(),
            Mend::KnownName => {
                "設定の名前、minimum-rpm、minimum-tpm のいずれかをキーとする値".to_owned()
            }
            Mend::AboveZero => "0 より大きい数値".to_owned(),
        }
    }

    fn in_force(&self, in_force: InForce) -> &'static str {
        match in_force {
            InForce::Usual => "通常の値を使用",
            InForce::DryRun => "dry-run として動作",
            InForce::NotStated => "未記載として扱い",
            InForce::NoEffectsForThisPool => "このプールのリクエストとケース作成を停止",
            InForce::NoEffectsForAnyPool => "すべてのプールのリクエストとケース作成を停止",
        }
    }

    fn quota_table(&self) -> [&'static str; 5] {
        ["クォータ", "しきい値", "ピーク", "使用率", "ピークの時刻"]
    }

    fn reservation_table(&self) -> [&'static str; 2] {
        ["max_tokens", "リクエスト/分"]
    }

    fn quality_noun(&self, kind: QualityKind) -> &'static str {
        match kind {
            QualityKind::LowComposite => "判定による品質スコアの低下",
            QualityKind::LowSafety => "判定による安全性スコアの低下",
            QualityKind::LowRelevance => "判定による関連性スコアの低下",
            QualityKind::LowProfessionalTone => "判定による文体スコアの低下",
            QualityKind::HighRefusal => "拒否の増加",
            QualityKind::LowRefusal => "拒否の減少",
            QualityKind::HighPartialRefusal => "部分的な拒否の増加",
            QualityKind::HighToxicity => "有害な回答",
            QualityKind::HighPromptToxicity => "有害なプロンプト",
            QualityKind::LowSimilarity => "質問と回答の類似度の低下",
            QualityKind::LowSentiment => "回答の感情スコアの低下",
            QualityKind::LowPromptSentiment => "利用者の不満",
            QualityKind::HighErrorRatio => "呼び出しの失敗の増加",
            QualityKind::HighTruncation => "途中で切れた回答の増加",
            QualityKind::HighEmptyAnswer => "空の回答の増加",
            QualityKind::HighGuardrail => "ガードレールの介入の増加",
            QualityKind::LowOutputSpeed => "出力の低速化",
            QualityKind::HighPromptInjection => "プロンプトインジェクションの兆候",
        }
    }

    /// A whole clause whose subject is the model.
    fn quality_says(&self, kind: QualityKind) -> &'static str {
        match kind {
            QualityKind::LowComposite => "回答の品質が低いと判定されています",
            QualityKind::LowSafety => "回答が安全でないと判定されています",
            QualityKind::LowRelevance => "回答が質問に答えていないと判定されています",
            QualityKind::LowProfessionalTone => "回答の文体が不適切と判定されています",
            QualityKind::HighRefusal => "多くの呼び出しで回答を拒否しています",
            QualityKind::LowRefusal => "拒否の割合が下がりすぎています",
            QualityKind::HighPartialRefusal => "部分的にしか答えないことが増えています",
            QualityKind::HighToxicity => "有害な回答を出力しています",
            QualityKind::HighPromptToxicity => "有害なプロンプトを受け取っています",
            QualityKind::LowSimilarity => "質問の主題から外れた回答が増えています",
            QualityKind::LowSentiment => "回答の感情スコアが低下しています",
            QualityKind::LowPromptSentiment => "利用者が不満を示しています",
            QualityKind::HighErrorRatio => "多くの呼び出しが失敗しています",
            QualityKind::HighTruncation => "多くの回答が途中で切れています",
            QualityKind::HighEmptyAnswer => "空の回答が増えています",
            QualityKind::HighGuardrail => "ガードレールに止められる呼び出しが増えています",
            QualityKind::LowOutputSpeed => "出力が遅くなっています",
            QualityKind::HighPromptInjection => {
                "インジェクションの兆候があるプロンプトを受け取っています"
            }
        }
    }

    /// A whole clause whose subject is the component.
    fn component_says(&self, kind: AlarmKind) -> &'static str {
        match kind {
            AlarmKind::ServerErrors => "サーバーエラー（5xx）を返しています",
            AlarmKind::ClientErrors => "リクエストをクライアントエラー（4xx）として拒否しています",
            AlarmKind::HighHourlyCost => "1時間のコストが予算以上です",
            _ => "異常があります",
        }
    }

    fn component_table(&self) -> [&'static str; 6] {
        ["5分間の開始（UTC）", "リクエスト", "4xx", "5xx", "p90 レイテンシー", "GPU メモリ"]
    }

    fn component_cost_table(&self) -> [&'static str; 5] {
        ["1時間の開始（UTC）", "コスト", "リクエスト", "1,000件あたり", "GPU"]
    }

    fn hour_table(&self) -> [&'static str; 4] {
        ["1時間の開始（UTC）", "件数", "平均", "基準線の外"]
    }

    fn yes_or_no(&self, yes: bool) -> &'static str {
        if yes { "はい" } else { "いいえ" }
    }

    /// `+12.5%`、`-3.2%`、`同じ`、`新規`、`不明`.
    fn change(&self, change: Change) -> String {
        match change {
            Change::Unknown => "不明".to_owned(),
            Change::Same => "同じ".to_owned(),
            Change::FromNothing => "新規".to_owned(),
            Change::By(share) => format!("{}%", signed_percent(share)),
        }
    }

    fn points(&self, difference: f64) -> String {
        format!("{} ポイント", signed_points(difference))
    }

    fn volume(&self, volume: Volume) -> &'static str {
        match volume {
            Volume::Requests => "リクエスト",
            Volume::Throttles => "拒否（スロットリング）",
            Volume::ClientErrors => "クライアントエラー",
            Volume::ServerErrors => "サーバーエラー",
            Volume::InputTokens => "入力トークン",
            Volume::OutputTokens => "出力トークン",
            Volume::CacheReadTokens => "キャッシュ読み取り",
            Volume::CacheWriteTokens => "キャッシュ書き込み",
            Volume::QuotaTokens => "クォータ換算トークン",
        }
    }

    fn token_cost(&self) -> &'static str {
        "トークンの費用"
    }

    fn week_table(&self) -> [&'static str; 3] {
        ["今週", "前週", "増減"]
    }

    fn samples(&self) -> &'static str {
        "件数"
    }

    fn next_heading(&self) -> &'static str {
        "【次に行うこと】"
    }

    fn shortened(&self) -> &'static str {
        "【以下省略: 1通に収まらないため、残りは記載していません】"
    }
}

/// A moment's time of day in Japan, which may be the next day's.
fn in_japan(at: Timestamp, format: &str) -> String {
    let local = at.to_zoned(TimeZone::fixed(JAPAN));
    let is_next_day = local.date() != at.to_zoned(TimeZone::UTC).date();
    let next_day = if is_next_day { "翌日 " } else { "" };
    format!("{next_day}{}", local.strftime(format))
}

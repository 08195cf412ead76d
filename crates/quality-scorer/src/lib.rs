//! quality-scorer: from log objects in S3 to call records and quality metrics.
//!
//! S3 tells of each log object through a queue; a backfill hands over keys of older ones. Every
//! record becomes a line of a call-records object, every sampled one scores, and the scores are
//! published once however often the object is delivered.

mod carry_out;
mod config;
mod event;
mod gather;
mod handler;
mod lock;
mod object;
mod policy;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
pub use config::Config;
pub use event::refusals;
pub use handler::handle;
pub use llmwatch_quality::phrases::ListError;

/// What one instance of the function keeps between invocations.
#[derive(Debug)]
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The clients, one for each service the function's role may call.
    pub clients: Clients,
    /// The embedding model, loaded when a text is embedded for the first time.
    models: gather::Models,
    /// How each judge was found to take questions.
    judge_manners: gather::Manners,
    /// The way to the tracing backend, made when spans are sent for the first time.
    exporter: carry_out::Exporter,
}

/// The services the function calls.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Bedrock: the judge, embeddings and content checks, where the settings choose them.
    pub bedrock: aws_sdk_bedrockruntime::Client,
    /// CloudWatch: the scores. Without the SDK's retries: a call whose answer is lost may have
    /// counted.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Comprehend, where the settings choose it.
    pub comprehend: aws_sdk_comprehend::Client,
    /// DynamoDB: the ledger.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// S3: log objects and call records.
    pub s3: aws_sdk_s3::Client,
    /// Secrets Manager: the headers of the tracing backend.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// SQS: when a message comes back.
    pub sqs: aws_sdk_sqs::Client,
    /// Parameter Store: the settings.
    pub parameters: aws_sdk_ssm::Client,
}

impl App {
    /// Makes the clients from one shared configuration.
    ///
    /// # Errors
    ///
    /// When the lists and weights inside the program do not fit together: it was built wrongly.
    pub fn new(config: Config, sdk: &SdkConfig) -> Result<Self, ListError> {
        let once = sdk.clone().into_builder().retry_config(RetryConfig::disabled()).build();
        let clients = Clients {
            bedrock: aws_sdk_bedrockruntime::Client::new(sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&once),
            comprehend: aws_sdk_comprehend::Client::new(sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            s3: aws_sdk_s3::Client::new(sdk),
            secrets: aws_sdk_secretsmanager::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
            parameters: aws_sdk_ssm::Client::new(sdk),
        };
        let models = gather::Models::new()?;
        let judge_manners = gather::Manners::default();
        let exporter = carry_out::Exporter::default();
        Ok(Self { config, clients, models, judge_manners, exporter })
    }
}

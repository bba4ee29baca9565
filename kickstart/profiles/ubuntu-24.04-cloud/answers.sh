{{>cloud-answers.sh}}

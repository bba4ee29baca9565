# fish completion for usher(1): what may stand there usher itself says
function __usher_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in (usher complete -- $words[2..-1] "$typed" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$typed"
            case ':dirs'
                __fish_complete_directories "$typed"
            case '*'
                echo $line
        end
    end
end
complete -c usher -f -a '(__usher_complete)'
